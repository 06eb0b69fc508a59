import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { createEngine } from '../streaming-sql/engine/index.ts';
import { compileApplication, printTimestamp } from '../streaming-sql/index.ts';
import { loadApplication } from './application-files.ts';
import {
  compiled,
  input,
  linesOf,
  newFolder,
  objects,
  projectFolder,
  Running,
  textOf,
  windows,
  world,
} from './streaming-application.test-support.ts';

describe('a streaming application', () => {
  it('keeps its checkpoints when the wall clock is set back', async () => {
    const running = new Running(newFolder());
    await running.put({ k: 'a', v: 5 });
    await running.until(() => running.application.lag().backlog === 0);
    world.now -= 3_600_000;
    world.setBackMillis = 3_610_000;
    await running.until(() => running.log.readState('application/app') !== undefined);
    await running.end();
  });

  it('keeps what it refuses with its bytes, its reason and where it came from', async () => {
    const running = new Running(newFolder());
    await running.put({ k: 'a', v: 5 }, 'not JSON', { k: 'a', v: 'five' }, { k: 'a', v: 0 });
    await running.settle();
    const sequences = new Map(running.all(running.input).map((each) => [each.data.toString(), each]));
    const at = (text: string) => {
      const { sequenceNumber, arrivalMillis } = sequences.get(text)!;
      return { source: `${running.input.arn} ${sequenceNumber}`, receivedMillis: arrivalMillis };
    };
    const lines = linesOf().sort((a, b) => Number(a.receivedMillis) - Number(b.receivedMillis));
    expect(lines.map(({ base64, ...line }) => ({ ...line, text: textOf({ base64 }) }))).toEqual([
      {
        reason: 'RECORD_FORMAT',
        detail: 'Record is no JSON object',
        pump: '',
        ...at('not JSON'),
        text: 'not JSON',
      },
      {
        reason: 'COERCION_ERROR',
        detail: 'Column "v" cannot hold "five" as INTEGER',
        pump: '',
        ...at('{"k":"a","v":"five"}'),
        text: '{"k":"a","v":"five"}',
      },
      {
        reason: 'DIVISION_BY_ZERO',
        detail: 'Division of 100 by zero',
        pump: 'Q',
        ...at('{"k":"a","v":0}'),
        text: expect.stringContaining('"a",0,'),
      },
    ]);
    expect(
      [...objects.keys()].every((key) => key.startsWith('rejected/date=2027-01-15/windows/app/shardId-')),
    ).toBe(true);
    expect(running.stage('windows app')).toMatchObject({
      in: 4,
      out: 2,
      dropped: { RECORD_FORMAT: 1, COERCION_ERROR: 1 },
      inFlight: 0,
    });
    expect(running.stage('rows app')).toMatchObject({
      in: 2,
      out: 1,
      dropped: { DIVISION_BY_ZERO: 1 },
      inFlight: 0,
    });
    await running.end();
  });

  it('loses and doubles no window and no refused row over kills at any commit', async () => {
    let running = new Running(newFolder());
    let count = 0;
    for (let round = 0; round < 12; round += 1) {
      for (let group = 0; group < 4; group += 1) {
        const records = Array.from({ length: 15 }, () => {
          count += 1;
          return count % 17 === 0 ? `broken ${count}` : { k: `k${count % 5}`, v: count % 11 };
        });
        await running.put(...records);
        // Sometimes the application has read all of it, sometimes little.
        await new Promise((resolve) => setTimeout(resolve, (round * 7 + group * 13) % 40));
        if ((round + group) % 3 === 0) world.now += 5000;
      }
      running = running.kill();
    }
    await running.settle();
    const expected = new Map<string, number>();
    const refused: string[] = [];
    for (const { data, arrivalMillis, sequenceNumber } of running.all(running.input)) {
      const text = data.toString();
      if (text.startsWith('broken')) refused.push(`${sequenceNumber} RECORD_FORMAT`);
      else {
        const { k, v } = JSON.parse(text) as { k: string; v: number };
        const end = new Date(Math.floor(arrivalMillis / 10_000) * 10_000 + 10_000).toISOString();
        const key = `${k} ${end.replace('T', ' ').replace('Z', '')}`;
        expected.set(key, (expected.get(key) ?? 0) + 1);
        if (v === 0) refused.push(`${sequenceNumber} DIVISION_BY_ZERO`);
      }
    }
    const rows = running
      .all(running.output)
      .map(({ data }) => JSON.parse(data.toString()) as Record<string, unknown>);
    expect(rows.map(({ k, end, n }) => `${k} ${end} ${n}`).sort()).toEqual(
      [...expected].map(([key, n]) => `${key} ${n}`).sort(),
    );
    const kept = linesOf().map(({ source, reason }) => `${String(source).split(' ')[1]} ${reason}`);
    expect(kept.sort()).toEqual(refused.sort());
    expect(refused.length).toBeGreaterThan(60);
    const broken = refused.filter((line) => line.endsWith('RECORD_FORMAT')).length;
    const failed = refused.length - broken;
    expect(running.stage('windows app')).toMatchObject({
      in: count,
      dropped: { RECORD_FORMAT: broken },
      inFlight: 0,
    });
    expect(running.stage('rows app')).toMatchObject({
      out: rows.length,
      dropped: { DIVISION_BY_ZERO: failed },
      inFlight: 0,
    });
    await running.end();
  });

  it('goes on exactly over kills with sliding windows, the row before and a reference table', async () => {
    const resource = {
      name: 'app',
      file: join(projectFolder, 'analytics-sql/weather-alerts.sql'),
      inputStream: 'in',
      outputs: [{ from: 'ALERT_STREAM', stream: 'out', partitionKey: 'sensor_id' }],
      references: [
        { table: 'THRESHOLDS', file: join(projectFolder, 'analytics-sql/weather-alerts.thresholds.csv') },
      ],
    };
    const files = loadApplication(resource, projectFolder);
    let running = new Running(newFolder(), files, resource);
    for (let minute = 0; minute < 60; minute += 1) {
      world.now = 1_800_000_000_000 + minute * 60_000;
      const row = (id: number) => ({
        k: `s${id}`,
        sensor_id: `s${id}`,
        sensor: 'temperature',
        station_id: 'st',
        sensor_avg_value: 32 + 8 * Math.sin((minute + id) / (3 + id)),
        record_timestamp: printTimestamp(world.now),
      });
      await running.put(...[0, 1, 2, 3].map(row));
      await new Promise((resolve) => setTimeout(resolve, (minute * 7) % 30));
      if (minute % 7 === 3) running = running.kill();
    }
    world.now += 60_000;
    await running.until(() => running.application.lag().backlog === 0);
    const expected: string[] = [];
    const alone = createEngine(files.plan, {
      references: files.references,
      outputs: ['ALERT_STREAM'],
      onRow: (_, row) => expected.push(JSON.stringify(row)),
    });
    const records = running.all(running.input).sort((a, b) => a.arrivalMillis - b.arrivalMillis);
    for (const { data, arrivalMillis } of records)
      alone.acceptRecord(JSON.parse(data.toString()), { arrivalMillis });
    alone.advance(world.now);
    await running.until(() => running.application.stats().rowsOut === expected.length);
    await running.end();
    const last = new Running(running.folder, files, resource);
    const rows = last.all(last.output).map(({ data }) => data.toString());
    expect(rows.sort()).toEqual(expected.sort());
    expect(rows.length).toBeGreaterThan(15);
    await last.end();
  });

  it('keeps, over kills, the rows that fail when their window closes', async () => {
    const sql = `CREATE STREAM "OUT" ("k" VARCHAR(4), "n" INT);
      CREATE PUMP "P" AS INSERT INTO "OUT" SELECT STREAM "k", 1 / (COUNT(*) - COUNT(*))
      FROM S_001 AS s GROUP BY "k", STEP(s.ROWTIME BY INTERVAL '10' SECOND);`;
    let running = new Running(newFolder(), compiled(sql));
    for (let round = 0; round < 10; round += 1) {
      await running.put(...Array.from({ length: 8 }, (_, i) => ({ k: `k${i % 4}`, v: i })));
      world.now += 9500;
      await new Promise((resolve) => setTimeout(resolve, 270 + round * 11));
      if (round % 2 === 1) running = running.kill();
    }
    await running.settle();
    const groups = running.all(running.input).map(({ data, arrivalMillis }) => {
      const { k } = JSON.parse(data.toString()) as { k: string };
      return `${k} ${Math.floor(arrivalMillis / 10_000) * 10_000}`;
    });
    const kept = linesOf().map((line) => (JSON.parse(textOf(line)) as unknown[]).slice(0, 2).join(' '));
    expect(kept.sort()).toEqual([...new Set(groups)].sort());
    expect(running.stage('rows app')?.dropped).toEqual({ DIVISION_BY_ZERO: kept.length });
    await running.end();
  });

  it('keeps rows that come too late for any correction', async () => {
    const plan = compileApplication(windows, {
      input: {
        ...input,
        InputSchema: {
          ...input.InputSchema,
          RecordColumns: [
            ...input.InputSchema.RecordColumns,
            { Name: 'at', SqlType: 'BIGINT', Mapping: '$.at' },
          ],
        },
      },
      time: { source: 'column', column: 'at', allowedLatenessMillis: 5000 },
    });
    const running = new Running(newFolder(), { plan, references: {} });
    const at = world.now;
    await running.put({ k: 'a', v: 1, at }, { k: 'a', v: 1, at: at + 60_000 }, { k: 'a', v: 7, at: at + 1 });
    await running.until(() => running.application.lag().backlog === 0);
    // A minute without rows lets event time run on.
    world.now += 60_000;
    await running.settle();
    expect(linesOf()).toMatchObject([{ reason: 'late', pump: 'P' }]);
    expect(JSON.parse(textOf(linesOf()[0]!))).toEqual({ k: 'a', v: 7, at: at + 1 });
    expect(running.ledger.report().late).toBe(1);
    await running.end();
  });

  it('keeps refused rows in its state while they cannot be stored', async () => {
    world.stores = false;
    let running = new Running(newFolder());
    await running.put('broken');
    await running.until(() => running.application.lag().backlog === 0);
    world.now += 10_000;
    await running.until(() => running.reports.length > 0);
    expect(running.reports[0]).toMatch(
      /^Cannot keep refused rows in 'rejected\/.*it will be tried again: no space$/,
    );
    running = running.kill();
    expect(objects.size).toBe(0);
    world.stores = true;
    world.now += 10_000;
    await running.until(() => objects.size === 1);
    expect(linesOf().map(textOf)).toEqual(['broken']);
    await running.end();
  });

  it('gives sequence number and partition key to SQL that reads them', async () => {
    const sql = `CREATE STREAM "OUT" ("k" VARCHAR(8), "s" VARCHAR(64), "shard" VARCHAR(32));
      CREATE PUMP "P" AS INSERT INTO "OUT" SELECT STREAM PARTITION_KEY, SEQUENCE_NUMBER, SHARD_ID FROM S_001;`;
    const running = new Running(newFolder(), compiled(sql));
    await running.put({ k: 'one' }, { k: 'two' });
    await running.until(() => running.output.recordCount === 2);
    await running.log.durable();
    const rows = running.all(running.output).map(({ data }) => JSON.parse(data.toString()) as object);
    const wanted = running.all(running.input).map((each) => ({
      k: each.partitionKey,
      s: each.sequenceNumber,
      shard: each.shardId,
    }));
    expect(rows).toHaveLength(2);
    expect(rows).toEqual(expect.arrayContaining(wanted));
    await running.end();
  });

  it('runs without outputs and only counts its rows', async () => {
    const running = new Running(newFolder(), compiled(windows), { outputs: [] });
    await running.put({ k: 'a', v: 1 }, { k: 'b', v: 2 });
    await running.settle();
    await running.until(() => running.stage('rows app')?.out === 4);
    expect(running.output.recordCount).toBe(0);
    await running.end();
  });
});
