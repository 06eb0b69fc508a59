import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { createEngine, type OutputRow } from '../../src/streaming-sql/engine/index.ts';
import {
  compileApplication,
  type InputSchema,
  StreamingSqlError,
  type TimeOptions,
} from '../../src/streaming-sql/index.ts';

/**
 * A case is a folder: `query.sql`; `input.json` (or the shared one); `rows.jsonl`, each row with `$arrival` and perhaps
 * `$shard`; `expected.jsonl`, each row with `$stream` and its columns, or `error.json` with line, column and a part of
 * the sentence; perhaps `time.json`, `references.json`, `errors.jsonl` (ERROR_NAME and PUMP_NAME) and `warnings.json`.
 */
const root = new URL('./streaming-sql/', import.meta.url);
const cases = readdirSync(root, { withFileTypes: true }).filter((entry) => entry.isDirectory());

function read(name: string, file: string): string | undefined {
  const url = new URL(`${name}/${file}`, root);
  return existsSync(url) ? readFileSync(url, 'utf8') : undefined;
}

function lines(text: string | undefined): Record<string, unknown>[] {
  return (text ?? '')
    .split('\n')
    .filter((line) => line.trim() !== '')
    .map((line) => JSON.parse(line));
}

function compile(name: string) {
  const input = JSON.parse(
    read(name, 'input.json') ?? readFileSync(new URL('input.json', root), 'utf8'),
  ) as InputSchema;
  const time = read(name, 'time.json');
  const options = {
    input,
    file: 'query.sql',
    ...(time === undefined ? {} : { time: JSON.parse(time) as TimeOptions }),
  };
  return compileApplication(read(name, 'query.sql') ?? '', options);
}

function run(name: string) {
  const rows: Record<string, unknown>[] = [];
  const errors: Record<string, unknown>[] = [];
  const engine = createEngine(JSON.parse(JSON.stringify(compile(name))), {
    onRow: ($stream: string, row: OutputRow) => rows.push({ $stream, ...row }),
    onError: ({ ERROR_NAME, PUMP_NAME }) => errors.push({ ERROR_NAME, PUMP_NAME }),
    references: JSON.parse(read(name, 'references.json') ?? '{}'),
    startMillis: 0,
  });
  let last = 0;
  for (const { $arrival, $shard, $csv, ...record } of lines(read(name, 'rows.jsonl'))) {
    last = Math.max(last, Number($arrival));
    const meta = {
      arrivalMillis: Number($arrival),
      ...($shard === undefined ? {} : { shardId: String($shard) }),
    };
    engine.acceptRecord($csv ?? record, meta);
  }
  engine.advance(last + 86_400_000);
  return { rows, errors };
}

describe.each(cases.map(({ name }) => name))('streaming SQL case %s', (name) => {
  const error = read(name, 'error.json');
  if (error !== undefined) {
    it('is refused at the right place with advice', () => {
      const expected = JSON.parse(error) as { line: number; column: number; says: string };
      let thrown: unknown;
      try {
        compile(name);
      } catch (caught) {
        thrown = caught;
      }
      expect(thrown).toBeInstanceOf(StreamingSqlError);
      const { line, column, reason, message } = thrown as StreamingSqlError;
      expect({ line, column, reason }).toEqual({
        line: expected.line,
        column: expected.column,
        reason: expect.stringContaining(expected.says),
      });
      expect(message).toContain('^');
    });
    return;
  }
  it('gives the expected rows', () => {
    const { rows, errors } = run(name);
    expect(rows).toEqual(lines(read(name, 'expected.jsonl')));
    expect(errors).toEqual(lines(read(name, 'errors.jsonl')));
  });
  it('warns as expected', () => {
    const expected = JSON.parse(read(name, 'warnings.json') ?? '[]') as string[];
    const found = compile(name).warnings.map(({ message }) => message);
    expect(found).toEqual(expected.map((part) => expect.stringContaining(part)));
  });
});
