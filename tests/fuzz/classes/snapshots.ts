import { createEngine, SnapshotError } from '../../../src/streaming-sql/engine/index.ts';
import { compileApplication } from '../../../src/streaming-sql/index.ts';
import { type FuzzClass, holds } from '../fuzz-class.ts';
import { mutate, piecesOf } from '../mutate.ts';

const column = (Name: string, SqlType: string) => ({ Name, SqlType, Mapping: `$.${Name}` });
const input = {
  NamePrefix: 'S',
  InputSchema: {
    RecordFormat: { RecordFormatType: 'JSON' as const },
    RecordColumns: [column('k', 'VARCHAR(8)'), column('v', 'DOUBLE')],
  },
};
const SQL = `CREATE STREAM O (K VARCHAR(8), N INTEGER, A DOUBLE);
  CREATE PUMP P AS INSERT INTO O SELECT STREAM "k", COUNT(*), AVG("v") FROM "S_001"
  GROUP BY "k", STEP("S_001".ROWTIME BY INTERVAL '60' SECOND)`;
const pieces = [...piecesOf('MSNS SNSM a'), Buffer.from([255, 255, 255, 255]), Buffer.from([0, 0, 0, 0])];

/** A snapshot that a disk has changed is refused with the reason; it restores nothing else. */
export const snapshots: FuzzClass = {
  name: 'snapshots',
  counts: { ci: 4000, long: 100_000 },
  open: () => {
    const plan = compileApplication(SQL, { input });
    const options = { onRow: () => undefined };
    const engine = createEngine(plan, options);
    for (let at = 0; at < 50; at += 1)
      engine.acceptRecord({ k: `k${at % 7}`, v: at / 8 }, { arrivalMillis: 1_000_000 + at * 1000 });
    const whole = Buffer.from(engine.snapshot());
    return {
      generate: (random) => mutate(whole, random, pieces),
      check: (bytes) => {
        try {
          createEngine(plan, { ...options, restore: new Uint8Array(bytes) });
        } catch (error) {
          if (!(error instanceof SnapshotError)) throw error;
          holds(error.message.startsWith('Cannot restore snapshot: '), () => error.message);
          return;
        }
        holds(bytes.equals(whole), () => 'changed bytes were restored');
      },
    };
  },
};
