import { setTimeout as sleep } from 'node:timers/promises';
import { type Mark, megabytes, percentile } from './marks.ts';
import type { SoakSession } from './soak-session.ts';
import { readLedger, secondsUntilQuiet, unbalanced } from './watch-ledger.ts';

export interface OverloadOptions {
  readonly seconds: number;
  readonly acceptedPerSecond: number;
  readonly times: number;
}

/** Of its own memory, whatever is offered. */
const MAX_OWN_BYTES = 1.5 * 1024 ** 3;
const HEALTH_MILLIS = 250;
/** Within it the client processes have told what they did. */
const REPORTED_MILLIS = 600;
const MAX_HEALTH_MILLIS = 5000;
const MIN_TIMES = 2;
/** What came in a minute takes the functions some: they read what the log keeps for a day. */
const DRAIN_SECONDS = 3600;

/** Offers more than is taken. Whether what was acknowledged is intact is for the checker. */
export async function runOverload(session: SoakSession, options: OverloadOptions): Promise<Mark[]> {
  const { fleet, ready, print } = session;
  const before = { ...fleet.counts };
  const start = performance.now();
  fleet.load(options.acceptedPerSecond * options.times);
  const healthMillis: number[] = [];
  while (performance.now() - start < options.seconds * 1000) {
    const asked = performance.now();
    const isOk = await fetch(`${ready.http}/v1/health`).then(
      (response) => response.ok,
      () => false,
    );
    healthMillis.push(isOk ? performance.now() - asked : Number.POSITIVE_INFINITY);
    await sleep(HEALTH_MILLIS);
  }
  const seconds = (performance.now() - start) / 1000;
  const ackP99Millis = fleet.waitP99Millis;
  fleet.load(0);
  await sleep(REPORTED_MILLIS);
  const after = fleet.counts;
  const offered = after.offered - before.offered;
  const acknowledged = after.acknowledged - before.acknowledged;
  const held = after.held - before.held;
  print(
    `overload: ${(offered / seconds).toFixed(0)} offered a second, ${(acknowledged / seconds).toFixed(0)} acknowledged, ${held} held back by devices, PUBACK p99 ${ackP99Millis.toFixed(0)} ms`,
  );
  const drain = await secondsUntilQuiet(ready.http, DRAIN_SECONDS, print);
  await sleep(REPORTED_MILLIS);
  const unanswered = fleet.counts.attempts - fleet.counts.acknowledged;
  const broken = unbalanced(await readLedger(ready.http));
  const gauges = session.gaugesSince(start);
  const peakOwn = Math.max(...gauges.map(({ ownBytes }) => ownBytes));
  const peakRss = Math.max(...gauges.map(({ rssBytes }) => rssBytes));
  const healthP99 = percentile(healthMillis, 0.99);
  return [
    mark('correct', 'every stage balances', broken.length === 0, broken[0] ?? 'all exact'),
    mark('correct', 'nobody is cut', after.cut === before.cut, `${after.cut - before.cut} connections cut`),
    mark(
      'correct',
      'all is worked off afterwards',
      drain !== undefined,
      `${drain?.toFixed(1) ?? 'not'} s, at most ${DRAIN_SECONDS}`,
    ),
    mark(
      'correct',
      'the rest is slowed, not lost',
      // Whether there is a rest depends on the speed of the machine: that is the mark of what is offered.
      unanswered === 0,
      `${offered} offered = ${offered - held} sent + ${held} held back; ${unanswered} of those sent not acknowledged in the end`,
    ),
    mark(
      'correct',
      'memory is bounded',
      peakOwn < MAX_OWN_BYTES,
      `peak ${megabytes(peakOwn)} of its own, ${megabytes(peakRss)} resident; at most ${megabytes(MAX_OWN_BYTES)}`,
    ),
    mark(
      'speed',
      `offered at least ${MIN_TIMES} times what is taken`,
      offered >= acknowledged * MIN_TIMES,
      `${(offered / Math.max(1, acknowledged)).toFixed(1)} times`,
    ),
    mark(
      'speed',
      'others are answered meanwhile',
      healthP99 < MAX_HEALTH_MILLIS,
      `p99 ${healthP99.toFixed(0)} ms of ${healthMillis.length} requests, at most ${MAX_HEALTH_MILLIS}`,
    ),
  ];
}

function mark(kind: Mark['kind'], name: string, isMet: boolean, numbers: string): Mark {
  return { kind, name: `overload: ${name}`, isMet, numbers };
}
