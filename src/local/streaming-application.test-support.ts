import { cpSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach } from 'vitest';
import type { ApplicationResource } from '../stack/stack.ts';
import { compileApplication, type InputSchema } from '../streaming-sql/index.ts';
import type { ApplicationFiles } from './application-files.ts';
import { Ledger } from './ledger.ts';
import { DurableLog } from './log/durable-log.ts';
import { KinesisStream } from './log/kinesis-stream.ts';
import { StreamingApplication } from './streaming-application.ts';
import { SYSTEM_TIMERS } from './timers.ts';

export const input: InputSchema = {
  NamePrefix: 'S',
  InputSchema: {
    RecordFormat: { RecordFormatType: 'JSON' },
    RecordColumns: [
      { Name: 'k', SqlType: 'VARCHAR(4)', Mapping: '$.k' },
      { Name: 'v', SqlType: 'INTEGER', Mapping: '$.v' },
    ],
  },
};
export const windows = `
  CREATE STREAM "OUT" ("k" VARCHAR(4), "n" INT, "end" TIMESTAMP);
  CREATE PUMP "P" AS INSERT INTO "OUT" SELECT STREAM "k", COUNT(*), ROWTIME
  FROM S_001 AS s GROUP BY "k", STEP(s.ROWTIME BY INTERVAL '10' SECOND);
  CREATE STREAM "INVERSE" ("k" VARCHAR(4), "x" INT);
  CREATE PUMP "Q" AS INSERT INTO "INVERSE" SELECT STREAM "k", 100 / "v" FROM S_001;`;

export const projectFolder = fileURLToPath(new URL('../..', import.meta.url)).replace(/[/\\]$/, '');
/** The objects of the bucket: they outlive the process. */
export const objects = new Map<string, string>();
const folders: string[] = [];
/** The wall clock, how far it was set back, and the bucket, as a test sets them. */
export const world = { now: 0, setBackMillis: 0, stores: true };

beforeEach(() => {
  objects.clear();
  world.now = 1_800_000_000_000;
  world.setBackMillis = 0;
  world.stores = true;
});
afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true });
});

export const newFolder = (): string => {
  folders.push(mkdtempSync(join(tmpdir(), 'mesonet-application-')));
  return folders.at(-1)!;
};

export const compiled = (sql: string): ApplicationFiles => ({
  plan: compileApplication(sql, { input }),
  references: {},
});

export class Running {
  readonly folder: string;
  readonly log: DurableLog;
  readonly ledger: Ledger;
  readonly input: KinesisStream;
  readonly output: KinesisStream;
  readonly application: StreamingApplication;
  readonly reports: string[] = [];
  #isKilled = false;

  readonly files: ApplicationFiles;
  readonly resource: Partial<ApplicationResource>;

  constructor(folder: string, files = compiled(windows), resource: Partial<ApplicationResource> = {}) {
    this.folder = folder;
    this.files = files;
    this.resource = resource;
    this.log = DurableLog.open({ folder, durability: 'process' });
    this.ledger = new Ledger(this.log.readState('ledger'));
    this.log.onCommit(() => this.log.writeState('ledger', this.ledger.encode()));
    const options = { shardCount: 2, retentionHours: 24, nowMillis: () => world.now };
    this.input = KinesisStream.open(this.log, { ...options, name: 'in' });
    this.output = KinesisStream.open(this.log, { ...options, name: 'out' });
    this.application = new StreamingApplication({
      resource: {
        name: 'app',
        file: '',
        inputStream: 'in',
        outputs: [{ from: 'OUT', stream: 'out', partitionKey: 'k' }],
        references: [],
        rejectedBucket: 'archive',
        ...resource,
      },
      ...files,
      log: this.log,
      ledger: this.ledger,
      streams: new Map([this.input, this.output].map((stream) => [stream.name, stream])),
      nowMillis: () => world.now,
      timers: { ...SYSTEM_TIMERS, monotonicMillis: () => world.now + world.setBackMillis },
      report: (text) => this.reports.push(text),
      putObject: async (_, key, body) => {
        if (this.#isKilled) return;
        if (!world.stores) throw new Error('no space');
        objects.set(key, Buffer.from(body).toString());
      },
    });
  }

  /** Puts records, each a little later than the one before, and waits until they are durable. */
  async put(...records: readonly (object | string)[]): Promise<void> {
    for (const record of records) {
      world.now += 70;
      const text = typeof record === 'string' ? record : JSON.stringify(record);
      this.input.append(String((record as { k?: string }).k ?? 'x'), text);
    }
    await this.log.durable();
  }

  /** What a kill leaves: the files as the last commit made them. */
  kill(): Running {
    const copy = newFolder();
    cpSync(this.folder, copy, { recursive: true });
    this.#isKilled = true;
    void this.end();
    return new Running(copy, this.files, this.resource);
  }

  async end(): Promise<void> {
    await this.application.stop();
    await this.log.close();
  }

  all(stream: KinesisStream) {
    return stream.shardIds.flatMap((id) =>
      stream.read(id, undefined, { maxRecords: 1e6 }).map((record) => ({ ...record, shardId: id })),
    );
  }

  async until(isSo: () => boolean): Promise<void> {
    const deadline = Date.now() + 10_000;
    while (!isSo()) {
      if (Date.now() > deadline) throw new Error('waited in vain');
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }

  /** Waits until everything has been read and every window has closed. */
  async settle(): Promise<void> {
    await this.until(() => this.application.lag().backlog === 0);
    world.now += 60_000;
    await this.until(() => this.application.stats().openKeys === 0);
    // The next checkpoint no longer carries what has been stored.
    await this.until(() => {
      world.now += 1000;
      return !this.log.readState('application/app/rejected')?.toString().includes('rejected/');
    });
  }

  stage(name: string) {
    return this.ledger.report().stages.find(({ stage }) => stage === name);
  }
}

export const linesOf = (): Record<string, unknown>[] =>
  [...objects.values()].flatMap((body) =>
    body
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as Record<string, unknown>),
  );
export const textOf = ({ base64 }: Record<string, unknown>): string =>
  Buffer.from(String(base64), 'base64').toString();
