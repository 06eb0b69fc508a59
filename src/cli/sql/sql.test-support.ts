import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll } from 'vitest';

const main = fileURLToPath(new URL('../main.ts', import.meta.url));
/** The project's own folder. */
export const project = fileURLToPath(new URL('../../..', import.meta.url));
/** A folder of the test's own, where the commands run. */
export let folder: string;

/** Writes a file into the folder. */
export const inFolder = (name: string, content: string): string => {
  writeFileSync(join(folder, name), content);
  return name;
};

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'mesonet-sql-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Runs the real command line in the folder. */
export async function mesonet(args: readonly string[], { stdin = '', cwd = folder } = {}) {
  const child = spawn(process.execPath, [main, ...args], { cwd });
  const [stdout, stderr] = [text(child.stdout), text(child.stderr)];
  child.stdin.end(stdin);
  const [code] = await once(child, 'close');
  return { code, stdout: await stdout, stderr: await stderr };
}

export const schema = {
  NamePrefix: 'SOURCE_SQL_STREAM',
  InputSchema: {
    RecordFormat: { RecordFormatType: 'JSON' },
    RecordColumns: [
      { Name: 'k', SqlType: 'VARCHAR(4)', Mapping: '$.k' },
      { Name: 'v', SqlType: 'INTEGER', Mapping: '$.v' },
      { Name: 'at', SqlType: 'BIGINT', Mapping: '$.at' },
    ],
  },
};
/** Sums by key and ten seconds. */
export const windows = `CREATE STREAM "OUT" ("k" VARCHAR(4), "sum" INT);
CREATE PUMP "P" AS INSERT INTO "OUT" SELECT STREAM "k", SUM("v")
FROM SOURCE_SQL_STREAM_001 AS s GROUP BY "k", STEP(s.ROWTIME BY INTERVAL '10' SECOND);
`;
