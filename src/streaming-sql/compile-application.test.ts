import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createEngine } from './engine/index.ts';
import { compileApplication, type InputSchema, StreamingSqlError } from './index.ts';

const folder = new URL('../../analytics-sql/', import.meta.url);
const sql = readFileSync(new URL('weather-windows.sql', folder), 'utf8');
const input = JSON.parse(readFileSync(new URL('weather-windows.input.json', folder), 'utf8')) as InputSchema;

describe('compiling an application', () => {
  it('gives a plan that survives JSON', () => {
    const plan = compileApplication(sql, { input });
    expect(JSON.parse(JSON.stringify(plan))).toEqual(plan);
  });

  it('fails on any mutation with a placed error or gives a plan that runs', () => {
    const pieces = fc.constantFrom(
      '',
      ' ',
      '(',
      ')',
      ',',
      '"',
      "'",
      'FROM',
      'OVER',
      '60',
      '"sensor"',
      'NULL',
      '--',
      '*',
      'ROWTIME',
      '-1',
      '\u0000',
    );
    const edit = fc.record({ at: fc.nat(sql.length), length: fc.nat(12), text: pieces });
    fc.assert(
      fc.property(fc.array(edit, { minLength: 1, maxLength: 3 }), (edits) => {
        const text = edits.reduce(
          (now, { at, length, text: piece }) => now.slice(0, at) + piece + now.slice(at + length),
          sql,
        );
        try {
          const engine = createEngine(compileApplication(text, { input }), { onRow: () => undefined });
          engine.acceptRecord({ sensor_id: 'a', sensor_value: 1 }, { arrivalMillis: 1 });
          engine.advance(1_000_000);
        } catch (error) {
          expect(error).toBeInstanceOf(StreamingSqlError);
        }
      }),
      { numRuns: 1500 },
    );
  });

  it('refuses nesting that would exhaust the stack', () => {
    const deep = `CREATE STREAM A ("x" DOUBLE); CREATE PUMP P AS INSERT INTO A SELECT ${'('.repeat(5000)}1`;
    expect(() => compileApplication(deep, { input })).toThrow(/nested deeper/);
  });

  it('names the column and the mapping at fault in an input schema', () => {
    const broken = structuredClone(input) as {
      InputSchema: { RecordColumns: { Mapping: string }[] };
    } & InputSchema;
    broken.InputSchema.RecordColumns[0]!.Mapping = '$.a[?(@.x)]';
    expect(() => compileApplication(sql, { input: broken })).toThrow(/JSONPath step is not supported/);
  });
});
