import { cpSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { ApplicationResource } from '../stack/stack.ts';
import { createEngine } from '../streaming-sql/engine/index.ts';
import { compileApplication, type InputSchema, printTimestamp } from '../streaming-sql/index.ts';
import { type ApplicationFiles, loadApplication } from './application-files.ts';
import { Ledger } from './ledger.ts';
import { DurableLog } from './log/durable-log.ts';
import { KinesisStream } from './log/kinesis-stream.ts';
import { StreamingApplication } from './streaming-application.ts';

const input: InputSchema = {
  NamePrefix: 'S',
  InputSchema: {
    RecordFormat: { RecordFormatType: 'JSON' },
    RecordColumns: [
      { Name: 'k', SqlType: 'VARCHAR(4)', Mapping: '$.k' },
      { Name: 'v', SqlType: 'INTEGER', Mapping: '$.v' },
    ],
  },
};
const windows = `
  CREATE STREAM "OUT" ("k" VARCHAR(4), "n" INT, "end" TIMESTAMP);
  CREATE PUMP "P" AS INSERT INTO "OUT" SELECT STREAM "k", COUNT(*), ROWTIME
  FROM S_001 AS s GROUP BY "k", STEP(s.ROWTIME BY INTERVAL '10' SECOND);
  CREATE STREAM "INVERSE" ("k" VARCHAR(4), "x" INT);
  CREATE PUMP "Q" AS INSERT INTO "INVERSE" SELECT STREAM "k", 100 / "v" FROM S_001;`;

const projectFolder = fileURLToPath(new URL('../..', import.meta.url)).replace(/[/\\]$/, '');
/** The objects of the bucket: they outlive the process. */
const objects = new Map<string, string>();
const folders: string[] = [];
let now = 0;
let stores = true;

beforeEach(() => {
  objects.clear();
  now = 1_800_000_000_000;
  stores = true;
});
afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true });
});

const newFolder = (): string => {
  folders.push(mkdtempSync(join(tmpdir(), 'mesonet-application-')));
  return folders.at(-1)!;
};

const compiled = (sql: string): ApplicationFiles => ({
  plan: compileApplication(sql, { input }),
  references: {},
});

class Running {
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
    const options = { shardCount: 2, retentionHours: 24, nowMillis: () => now };
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
      nowMillis: () => now,
      report: (text) => this.reports.push(text),
      putObject: async (_, key, body) => {
        if (this.#isKilled) return;
        if (!stores) throw new Error('no space');
        objects.set(key, Buffer.from(body).toString());
      },
    });
  }

  /** Puts records, each a little later than the one before, and waits until they are durable. */
  async put(...records: readonly (object | string)[]): Promise<void> {
    for (const record of records) {
      now += 70;
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
    now += 60_000;
    await this.until(() => this.application.stats().openKeys === 0);
    // The next checkpoint no longer carries what has been stored.
    await this.until(() => {
      now += 1000;
      return !this.log.readState('application/app/rejected')?.toString().includes('rejected/');
    });
  }

  stage(name: string) {
    return this.ledger.report().stages.find(({ stage }) => stage === name);
  }
}

const linesOf = (): Record<string, unknown>[] =>
  [...objects.values()].flatMap((body) =>
    body
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as Record<string, unknown>),
  );
const textOf = ({ base64 }: Record<string, unknown>): string =>
  Buffer.from(String(base64), 'base64').toString();

describe('a streaming application', () => {
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
        if ((round + group) % 3 === 0) now += 5000;
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
      now = 1_800_000_000_000 + minute * 60_000;
      const row = (id: number) => ({
        k: `s${id}`,
        sensor_id: `s${id}`,
        sensor: 'temperature',
        station_id: 'st',
        sensor_avg_value: 32 + 8 * Math.sin((minute + id) / (3 + id)),
        record_timestamp: printTimestamp(now),
      });
      await running.put(...[0, 1, 2, 3].map(row));
      await new Promise((resolve) => setTimeout(resolve, (minute * 7) % 30));
      if (minute % 7 === 3) running = running.kill();
    }
    now += 60_000;
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
    alone.advance(now);
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
      now += 9500;
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
    const at = now;
    await running.put({ k: 'a', v: 1, at }, { k: 'a', v: 1, at: at + 60_000 }, { k: 'a', v: 7, at: at + 1 });
    await running.until(() => running.application.lag().backlog === 0);
    // A minute without rows lets event time run on.
    now += 60_000;
    await running.settle();
    expect(linesOf()).toMatchObject([{ reason: 'late', pump: 'P' }]);
    expect(textOf(linesOf()[0]!)).toContain('"a",7');
    expect(running.ledger.report().late).toBe(1);
    await running.end();
  });

  it('keeps refused rows in its state while they cannot be stored', async () => {
    stores = false;
    let running = new Running(newFolder());
    await running.put('broken');
    await running.until(() => running.application.lag().backlog === 0);
    now += 10_000;
    await running.until(() => running.reports.length > 0);
    expect(running.reports[0]).toMatch(
      /^Cannot keep refused rows in 'rejected\/.*it will be tried again: no space$/,
    );
    running = running.kill();
    expect(objects.size).toBe(0);
    stores = true;
    now += 10_000;
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
