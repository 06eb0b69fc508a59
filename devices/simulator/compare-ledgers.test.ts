import { expect, test } from 'vitest';
import { compareLedgers, type RuntimeLedger } from './compare-ledgers.ts';
import type { LedgerCounts } from './device-ledger.ts';

const SENT: LedgerCounts = {
  sent: 100,
  acknowledged: 97,
  refused: 1,
  unknown: 2,
  duplicates: 0,
  garbage: 0,
  transmissions: 103,
  readings: 100,
  readingsAcknowledged: 97,
};

function ledger(out: number, dropped: Record<string, number> = {}, inFlight = 0): RuntimeLedger {
  return { stages: [{ stage: 'mqtt', in: out, out, dropped, inFlight }] };
}

test('what was accepted and acknowledged agrees', () => {
  const { holds, accounted, lines } = compareLedgers(SENT, ledger(5), ledger(102));
  expect({ holds, accounted }).toEqual({ holds: true, accounted: 97 });
  expect(lines).toEqual([
    '100 sent in 103 transmissions: 97 acknowledged, 1 refused, 2 unknown',
    'the runtime accepted 97: exactly what was acknowledged',
  ]);
});

test('an acknowledged message that was not accepted is missing', () => {
  const { holds, lines } = compareLedgers(SENT, ledger(0), ledger(95));
  expect(holds).toBe(false);
  expect(lines[1]).toBe('2 of 97 acknowledged messages are not accounted for: the runtime accepted 95');
});

test('what is unknown, or was sent again, may have been accepted too', () => {
  const { holds, lines } = compareLedgers(SENT, ledger(0), ledger(103));
  expect(holds).toBe(true);
  expect(lines[1]).toBe(
    'the runtime accepted 103: all that was acknowledged, and 6 more, of what was sent and not acknowledged, or sent again',
  );
});

test('more than was transmitted comes from others', () => {
  expect(compareLedgers(SENT, ledger(0), ledger(104)).lines[1]).toContain('others have published too');
});

test('a stage that counts more out than in does not hold, and drops are named', () => {
  const { holds, lines } = compareLedgers(
    SENT,
    ledger(0, { old: 4 }),
    ledger(97, { old: 4, 'not json': 3 }, -1),
  );
  expect(holds).toBe(false);
  expect(lines.slice(2)).toEqual(["stage 'mqtt' counts 1 more out than in", 'mqtt: 3 dropped, not json']);
});
