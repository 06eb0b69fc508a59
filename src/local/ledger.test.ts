import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Ledger, MQTT_STAGE, ROUTING_STAGE } from './ledger.ts';

describe('the ledger', () => {
  it('keeps in = out + dropped + in flight through any sequence of counts and restarts', () => {
    const step = fc.record({
      stage: fc.constantFrom('mqtt', 'rule telemetry'),
      verb: fc.constantFrom('in', 'out', 'drop', 'restart'),
      count: fc.nat(1000),
      reason: fc.string(),
    });
    fc.assert(
      fc.property(fc.array(step), (steps) => {
        let ledger = new Ledger();
        for (const { stage, verb, count, reason } of steps) {
          if (verb === 'restart') ledger = new Ledger(ledger.encode());
          else if (verb === 'drop') ledger.stage(stage).drop(reason, count);
          else ledger.stage(stage)[verb](count);
        }
        for (const entry of ledger.report().stages) {
          const dropped = Object.values(entry.dropped).reduce((sum, count) => sum + count, 0);
          expect(entry.in).toBe(entry.out + dropped + entry.inFlight);
        }
      }),
    );
  });

  it('reports what was accepted, refused and filtered by reason', () => {
    const ledger = new Ledger();
    ledger.stage(MQTT_STAGE).in(3);
    ledger.stage(MQTT_STAGE).out(2);
    ledger.stage(MQTT_STAGE).drop('payload over 128 KiB', 1);
    ledger.stage(ROUTING_STAGE).drop('no rule matches the topic', 1);
    expect(ledger.report()).toMatchObject({
      accepted: 2,
      refused: { 'payload over 128 KiB': 1 },
      filtered: { 'no rule matches the topic': 1 },
    });
  });

  it('balances a stage only where its own counts and those of the log agree, also after a restart', () => {
    const ledger = new Ledger();
    const stage = ledger.stage('function f');
    stage.begin(5);
    stage.in(3);
    stage.out(2);
    const balanceOf = (of: Ledger, backlog: number, arrived: number): boolean =>
      of.report([{ stage: 'function f', backlog, arrived }]).stages[0]!.balanced;
    expect(balanceOf(ledger, 2, 10), 'one came in and neither went out nor was dropped').toBe(false);
    stage.drop('expired', 1);
    expect(balanceOf(ledger, 2, 10)).toBe(true);
    expect(balanceOf(ledger, 2, 11), 'the log had one more').toBe(false);
    const restarted = new Ledger(ledger.encode());
    restarted.stage('function f').begin(8);
    expect([balanceOf(restarted, 2, 10), balanceOf(restarted, 3, 10)]).toEqual([true, false]);
  });

  it('bounds the number of reasons', () => {
    const ledger = new Ledger();
    for (let i = 0; i < 10_000; i += 1) ledger.stage('s').drop(`reason ${i}`, 1);
    const { dropped } = ledger.report().stages[0]!;
    expect(Object.keys(dropped).length).toBeLessThanOrEqual(101);
    expect(Object.values(dropped).reduce((sum, count) => sum + count, 0)).toBe(10_000);
  });
});
