import { describe, expect, it } from 'vitest';
import { compileApplication, type InputSchema } from '../index.ts';
import { createEngine, type OutputRow } from './index.ts';
import { RandomSource } from './random-source.ts';

const input: InputSchema = {
  NamePrefix: 'S',
  InputSchema: {
    RecordFormat: { RecordFormatType: 'JSON' },
    RecordColumns: [
      { Name: 'k', SqlType: 'VARCHAR(8)', Mapping: '$.k' },
      { Name: 'x', SqlType: 'DOUBLE', Mapping: '$.x' },
      { Name: 'y', SqlType: 'INTEGER', Mapping: '$.y' },
    ],
  },
};

const application = (stream: string, call: string, columns = '*') =>
  compileApplication(
    `CREATE STREAM "OUT" (${stream}); CREATE PUMP "P" AS INSERT INTO "OUT" SELECT STREAM ${columns} FROM TABLE(${call})`,
    { input },
  );

const cursor = 'CURSOR(SELECT STREAM * FROM S_001)';
const passed = '"k" VARCHAR(8), "x" DOUBLE, "y" INTEGER';
const plans = {
  score: application(`${passed}, "score" DOUBLE`, `RANDOM_CUT_FOREST(${cursor}, 20, 50, 200)`),
  explanation: application(
    `${passed}, "score" DOUBLE, "why" VARCHAR(512)`,
    `RANDOM_CUT_FOREST_WITH_EXPLANATION(${cursor}, 20, 50, 200, 3, TRUE)`,
  ),
  hotspots: application(`${passed}, "hotspots" VARCHAR(10000)`, `HOTSPOTS(${cursor}, 100, 2, 5)`),
  rank: application(`${passed}, "rank" INTEGER`, `GROUP_RANK(${cursor}, 'x', 'rank', 'desc', 'asc', 0, 3)`),
};

interface Record_ {
  readonly k: string;
  readonly x: number | null;
  readonly y: number;
}

/** Rows of two clusters; every 40th lies far off, every 33rd has no x. */
function records(count: number): Record_[] {
  const random = new RandomSource(4);
  return Array.from({ length: count }, (_, i) => {
    const [x, y] = i % 40 === 39 ? [500, -500] : random.next() < 0.5 ? [10, 20] : [40, 0];
    return {
      k: `k${i}`,
      x: i % 33 === 32 ? null : x! + 4 * random.next(),
      y: Math.round(y! + 4 * random.next()),
    };
  });
}

type Plan = (typeof plans)[keyof typeof plans];

function start(plan: Plan, rows: OutputRow[], restore?: Uint8Array) {
  const onRow = (_: string, row: OutputRow) => rows.push(row);
  return createEngine(plan, restore === undefined ? { onRow } : { onRow, restore });
}

function run(plan: Plan, given: readonly Record_[]): OutputRow[] {
  const rows: OutputRow[] = [];
  const engine = start(plan, rows);
  for (const [i, record] of given.entries()) engine.acceptRecord(record, { arrivalMillis: 10 * (i >> 2) });
  engine.advance(1e9);
  return rows;
}

describe.each(Object.entries(plans))('%s', (_, plan) => {
  it('gives after a restore at any place the rows that an unbroken run gives', () => {
    const given = records(260);
    const expected = run(plan, given);
    for (const cut of [0, 1, 49, 50, 131, 202, 260]) {
      const rows: OutputRow[] = [];
      let engine = start(plan, rows);
      for (const [i, record] of given.entries()) {
        if (i === cut) engine = start(plan, rows, engine.snapshot());
        engine.acceptRecord(record, { arrivalMillis: 10 * (i >> 2) });
      }
      if (cut === given.length) engine = start(plan, rows, engine.snapshot());
      engine.advance(1e9);
      expect(rows).toEqual(expected);
    }
  });
});

describe('RANDOM_CUT_FOREST', () => {
  const rows = run(plans.score, records(400));

  it('scores 0 while it learns the first sub-sample, and NULL where a number is NULL', () => {
    const numeric = rows.filter(({ x }) => x !== null);
    expect(numeric.findIndex(({ score }) => score !== 0)).toBe(50);
    expect(rows.filter(({ x }) => x === null).map(({ score }) => score)).toEqual(
      Array.from({ length: 12 }, () => null),
    );
  });

  it('scores the rows that lie far off above all others', () => {
    const scored = rows.slice(60).filter(({ score }) => score !== null);
    const far = scored.filter(({ x }) => Number(x) > 400).map(({ score }) => Number(score));
    const near = scored.filter(({ x }) => Number(x) < 400).map(({ score }) => Number(score));
    expect(far.length).toBe(9);
    expect(Math.min(...far)).toBeGreaterThan(1.3 * Math.max(...near));
  });
});

describe('RANDOM_CUT_FOREST_WITH_EXPLANATION', () => {
  const rows = run(plans.explanation, records(400));
  type Explanation = Record<string, { DIRECTION: string; STRENGTH: string; ATTRIBUTION_SCORE: string }>;
  const explanations = rows.flatMap(({ score, why }) =>
    why === null ? [] : [{ score: Number(score), why: JSON.parse(String(why)) as Explanation }],
  );

  it('attributes the score to the columns, in whole, each with a direction', () => {
    expect(explanations.some(({ score }) => score > 0)).toBe(true);
    for (const { score, why } of explanations) {
      expect(Object.keys(why)).toEqual(['x', 'y']);
      const sum = Object.values(why).reduce(
        (total, { ATTRIBUTION_SCORE }) => total + Number(ATTRIBUTION_SCORE),
        0,
      );
      expect(sum).toBeCloseTo(score, 3);
    }
  });

  it('says LOW with strength 0 while it learns', () => {
    const empty = { DIRECTION: 'LOW', STRENGTH: '0.0000', ATTRIBUTION_SCORE: '0.0000' };
    expect(explanations[0]?.why).toEqual({ x: empty, y: empty });
    expect(explanations.findIndex(({ score }) => score > 0)).toBe(52);
  });

  it('says in which direction a column is out of the ordinary', () => {
    const scored = run(plans.explanation, [...records(159), { k: 'far', x: 3000, y: -3000 }]);
    const { x, y } = JSON.parse(String(scored.at(-1)?.why)) as Explanation;
    expect([x?.DIRECTION, y?.DIRECTION]).toEqual(['HIGH', 'LOW']);
    expect(Number(x?.STRENGTH)).toBeGreaterThan(0.2);
  });

  it('leaves the directions out unless asked for them', () => {
    const plan = application(
      `${passed}, "score" DOUBLE, "why" VARCHAR(512)`,
      `RANDOM_CUT_FOREST_WITH_EXPLANATION(${cursor}, 5, 10, 20)`,
    );
    expect(run(plan, records(1))[0]?.why).toBe(
      '{"x":{"ATTRIBUTION_SCORE":"0.0000"},"y":{"ATTRIBUTION_SCORE":"0.0000"}}',
    );
  });
});

describe('HOTSPOTS', () => {
  it('finds the two clusters and no other place', () => {
    const last = run(plans.hotspots, records(300)).at(-1);
    const { hotspots } = JSON.parse(String(last?.hotspots)) as {
      hotspots: { density: number; maxValues: number[]; minValues: number[] }[];
    };
    expect(hotspots.length).toBe(2);
    for (const { density, maxValues, minValues } of hotspots) {
      const [x, y] = maxValues[0]! < 20 ? [10, 20] : [40, 0];
      expect(minValues[0]).toBeGreaterThanOrEqual(x!);
      expect(maxValues[0]).toBeLessThanOrEqual(x! + 4);
      expect(minValues[1]).toBeGreaterThanOrEqual(y!);
      expect(maxValues[1]).toBeLessThanOrEqual(y! + 4);
      expect(density).toBeGreaterThan(1);
    }
  });
});

describe('rows from several shards', () => {
  it('reach the functions in ROWTIME order, whichever shard comes first', () => {
    const given = records(200);
    const results = [0, 1].map((first) => {
      const rows: OutputRow[] = [];
      const engine = createEngine(plans.score, {
        onRow: (_: string, row: OutputRow) => rows.push(row),
        shardIds: ['a', 'b'],
      });
      for (const shard of [first, 1 - first])
        for (const [i, record] of given.entries())
          if (i % 2 === shard)
            engine.acceptRecord(record, { arrivalMillis: i, shardId: shard === 0 ? 'a' : 'b' });
      engine.advance(1e9);
      return rows;
    });
    expect(results[1]).toEqual(results[0]);
    expect(results[0]?.length).toBe(200);
  });
});
