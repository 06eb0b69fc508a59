import { expect, test } from 'vitest';
import type { Connection, Transport } from '../client/connection.ts';
import type { Clock } from './clock.ts';
import { parseFaults } from './faults.ts';
import { type SimulatorLedger, startSimulator } from './start-simulator.ts';

const START_MILLIS = Date.UTC(2026, 5, 1, 12);

/** Time passes as fast as the work is done. */
function virtualClock(): Clock {
  let nowMillis = START_MILLIS;
  return {
    now: () => nowMillis,
    sleep: (millis) => {
      nowMillis += millis;
      return new Promise((turn) => setImmediate(turn));
    },
  };
}

/** A network that acknowledges everything, and remembers what each client sent. */
function network() {
  const sent: string[] = [];
  const transport: Transport = async ({ clientId }): Promise<Connection> => {
    const { promise: closed, resolve } = Promise.withResolvers<string>();
    return {
      closed,
      publish: async (topic, payload) => {
        sent.push(`${clientId} ${topic} ${Buffer.from(payload as Uint8Array).toString('base64')}`);
      },
      subscribe: async () => {},
      end: async () => resolve('ended'),
    };
  };
  return { sent, transport };
}

async function simulate(seed: number, faults: string) {
  const { sent, transport } = network();
  const options = { seed, stations: 10, count: 2000, identity: true, faults: parseFaults(faults) };
  const simulator = startSimulator(options, { clock: virtualClock(), transport });
  const { drops, late, skewed } = await simulator.finished;
  return { sent, ledger: simulator.ledger(), counted: { drops, late, skewed } };
}

/** What was to be sent, whatever became of it. */
function plannedOf({ devices }: SimulatorLedger) {
  return devices.map(({ device, sent, duplicates, garbage, readings }) => ({
    device,
    sent,
    duplicates,
    garbage,
    readings,
  }));
}

test('the same seed sends the same bytes of the same clients in the same order', async () => {
  const faults = 'dup:0.1,skew:0.3,late:0.2:10,garbage:0.1';
  const [first, second, other] = [
    await simulate(7, faults),
    await simulate(7, faults),
    await simulate(8, faults),
  ];
  expect(second.sent).toEqual(first.sent);
  expect(second.counted).toEqual(first.counted);
  expect(other.sent).not.toEqual(first.sent);
  const { total } = first.ledger;
  expect(total.duplicates).toBeGreaterThan(100);
  expect(total.garbage).toBeGreaterThan(100);
  expect(total.sent).toBe(2000 + total.duplicates + total.garbage);
  expect(total).toMatchObject({
    acknowledged: total.sent,
    transmissions: total.sent,
    unknown: 0,
    refused: 0,
  });
});

test('the same seed loses the same connections', async () => {
  const [first, second] = [await simulate(7, 'drop:0.02'), await simulate(7, 'drop:0.02')];
  expect(first.counted.drops).toBeGreaterThan(20);
  expect(second.counted).toEqual(first.counted);
  expect(plannedOf(second.ledger)).toEqual(plannedOf(first.ledger));
});
