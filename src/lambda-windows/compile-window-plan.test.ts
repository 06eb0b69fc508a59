import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { createEngine } from '../streaming-sql/engine/index.ts';
import type { ApplicationPlan, InputSchema } from '../streaming-sql/index.ts';
import { compileWindowPlan, type WindowPlanSettings } from './compile-window-plan.ts';

const input: InputSchema = {
  NamePrefix: 'SOURCE_SQL_STREAM',
  InputSchema: {
    RecordFormat: {
      RecordFormatType: 'JSON',
      MappingParameters: { JSONMappingParameters: { RecordRowPath: '$' } },
    },
    RecordColumns: [
      { Name: 'sensor_id', SqlType: 'VARCHAR(32)', Mapping: '$.sensor_id' },
      { Name: 'city', SqlType: 'VARCHAR(32)', Mapping: '$.city' },
      { Name: 'v', SqlType: 'DOUBLE', Mapping: '$.v' },
    ],
  },
};

function application(key: string, seconds = 60): string {
  return `CREATE STREAM "OUT" ("k" VARCHAR(32), "n" BIGINT);
CREATE PUMP "P" AS INSERT INTO "OUT" SELECT STREAM "${key}", COUNT(*) FROM "SOURCE_SQL_STREAM_001"
GROUP BY "${key}", STEP("SOURCE_SQL_STREAM_001".ROWTIME BY INTERVAL '${seconds}' SECOND);`;
}

const compile = (sql: string, settings: WindowPlanSettings = {}): ApplicationPlan =>
  compileWindowPlan({ file: 'analytics-sql/a.sql', sql, input }, settings);

describe('compileWindowPlan()', () => {
  it('takes windows that are grouped by the partition key and fill the window of the function', () => {
    const settings = { partitionKey: 'sensor_id', windowSeconds: 60 };
    expect(compile(application('sensor_id'), settings).pumps).toHaveLength(1);
    expect(compile(application('sensor_id', 20), settings).pumps).toHaveLength(1);
  });

  it('refuses another grouping, with the reason and the way out', () => {
    expect(() => compile(application('city'), { partitionKey: 'sensor_id' })).toThrow(
      `Cannot run 'analytics-sql/a.sql' in a Lambda function: pump "P": grouped by "city", not by its partition key "sensor_id": a group would be split among shards; deploy it with --param windows=flink`,
    );
  });

  it('refuses windows that the window of the function cuts', () => {
    const settings = { partitionKey: 'sensor_id', windowSeconds: 60 };
    expect(() => compile(application('sensor_id', 45), settings)).toThrow(
      "windows of 45 s do not fill the function's window of 60 s",
    );
  });

  it('refuses state that outlives a window', () => {
    const sliding = `CREATE STREAM "OUT" ("k" VARCHAR(32), "n" DOUBLE);
CREATE PUMP "P" AS INSERT INTO "OUT" SELECT STREAM "sensor_id", AVG("v") OVER w FROM "SOURCE_SQL_STREAM_001"
WINDOW w AS (PARTITION BY "sensor_id" RANGE INTERVAL '1' MINUTE PRECEDING);`;
    expect(() => compile(sliding)).toThrow('a sliding window spans windows');
  });
});

describe('the import of an application', () => {
  const { planModule } = createRequire(import.meta.url)('../../bin/streaming-sql-plugin.cjs') as {
    planModule: (file: string, settings?: WindowPlanSettings) => string;
  };

  it('is a module with a plan that runs', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'mesonet-plan-'));
    try {
      const file = join(folder, 'a.sql');
      writeFileSync(file, application('sensor_id'));
      writeFileSync(join(folder, 'a.input.json'), JSON.stringify(input));
      const module = join(folder, 'a.mjs');
      writeFileSync(module, planModule(file, { partitionKey: 'sensor_id', windowSeconds: 60 }));
      const { default: plan } = (await import(module)) as { default: ApplicationPlan };
      const rows: object[] = [];
      const engine = createEngine(plan, { onRow: (_, row) => rows.push(row) });
      engine.acceptRecord({ sensor_id: 's', v: 1 }, { arrivalMillis: 1000 });
      engine.advance(60_000);
      expect(rows).toEqual([{ k: 's', n: 1 }]);
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });

  it("fails the build with the compiler's own words", () => {
    const folder = mkdtempSync(join(tmpdir(), 'mesonet-plan-'));
    try {
      const file = join(folder, 'a.sql');
      writeFileSync(file, application('sensor'));
      writeFileSync(join(folder, 'a.input.json'), JSON.stringify(input));
      expect(() => planModule(file)).toThrow(/Unknown column "sensor".*a\.sql:3:10/s);
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });
});
