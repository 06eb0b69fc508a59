import { setTimeout as sleep } from 'node:timers/promises';
import { growthPerTenMinutes, leastOfEachMinute, type Mark, megabytes, percentile } from './marks.ts';
import type { Gauge } from './measured-process.ts';
import type { SoakSession } from './soak-session.ts';
import { differences, inFlight, readLedger, secondsUntilQuiet, unbalanced } from './watch-ledger.ts';

export interface SoakOptions {
  readonly seconds: number;
  readonly perSecond: number;
  /** Between two reconnect storms. */
  readonly stormSeconds: number;
}

const LOOK_MILLIS = 5000;
const MAX_GROWTH = 0.01;
/** Below it a slope says nothing. */
const MIN_SLOPE_SECONDS = 900;
const MAX_LOOP_P99_MILLIS = 50;
const MAX_MORE_HANDLES = 8;
const SETTLE_MILLIS = 60_000;
const DRAIN_SECONDS = 600;

/** A steady load with reconnect storms; how the process is before and after tells whether anything grows. */
export async function runSoak(session: SoakSession, options: SoakOptions): Promise<Mark[]> {
  const { fleet, ready, print } = session;
  // What is left of a ramp would tell of itself.
  const before = await secondsUntilQuiet(ready.http, DRAIN_SECONDS, print);
  print(
    before === undefined
      ? `soak: begins with a backlog, which was not worked off in ${DRAIN_SECONDS} s`
      : `soak: begins with nothing in flight, ${before.toFixed(0)} s after the ramp`,
  );
  const start = performance.now();
  const firstDelay = session.process.loopDelays.length;
  fleet.load(options.perSecond);
  const { looks, broken, storms } = await watch(session, options, start);
  const unsettled = await fleet.finish(SETTLE_MILLIS);
  const drain = await secondsUntilQuiet(ready.http, DRAIN_SECONDS, print);
  const ledger = await readLedger(ready.http);
  broken.push(
    ...unbalanced(ledger),
    ...differences(ledger, fleet.counts.acknowledged, fleet.counts.attempts),
  );
  const { counts } = fleet;
  const delays = session.process.loopDelays.slice(firstDelay);
  return [
    mark(
      'correct',
      'every publish is acknowledged',
      unsettled === 0,
      `${counts.attempts} publishes, ${counts.acknowledged} acknowledged, ${unsettled} never; ${storms} storms`,
    ),
    mark(
      'correct',
      'the ledger is exact',
      broken.length === 0,
      broken[0] ?? `${looks + 1} looks, ${ledger.accepted} accepted`,
    ),
    mark(
      'correct',
      'all is worked off',
      drain !== undefined,
      `${drain?.toFixed(1) ?? 'not'} s after the end, at most ${DRAIN_SECONDS}`,
    ),
    mark('correct', 'no connection is cut', counts.cut === 0, `${counts.cut} cut`),
    ...growthMarks(session.gaugesSince(start), options.seconds),
    mark(
      'speed',
      'event loop delay',
      percentile(
        delays.map(({ p99Millis }) => p99Millis),
        0.5,
      ) < MAX_LOOP_P99_MILLIS,
      `p99 of a second: median ${percentile(
        delays.map(({ p99Millis }) => p99Millis),
        0.5,
      ).toFixed(
        0,
      )} ms, worst ${Math.max(...delays.map(({ p99Millis }) => p99Millis)).toFixed(0)} ms; at most ${MAX_LOOP_P99_MILLIS}`,
    ),
  ];
}

async function watch(
  session: SoakSession,
  options: SoakOptions,
  start: number,
): Promise<{ looks: number; broken: string[]; storms: number }> {
  const { fleet, ready, print, process } = session;
  const broken: string[] = [];
  let [looks, storms, printed] = [0, 0, 0];
  for (;;) {
    const seconds = (performance.now() - start) / 1000;
    if (seconds >= options.seconds) return { looks, broken, storms };
    if (seconds > (storms + 0.5) * options.stormSeconds) {
      fleet.storm();
      storms += 1;
    }
    const ledger = await readLedger(ready.http);
    looks += 1;
    broken.push(...unbalanced(ledger));
    if (seconds >= printed * PRINT_SECONDS) {
      printed += 1;
      const { rssBytes, ownBytes, files, sockets } = process.gauge();
      const { acknowledged } = fleet.counts;
      print(
        `${seconds.toFixed(0).padStart(5)} s  ${acknowledged} acknowledged, ${inFlight(ledger)} in flight, ${megabytes(ownBytes)} own, ${megabytes(rssBytes)} resident, ${files} files, ${sockets} sockets, PUBACK p99 ${fleet.waitP99Millis.toFixed(0)} ms`,
      );
    }
    await sleep(LOOK_MILLIS);
  }
}

const PRINT_SECONDS = 60;

/** The first third warms up. */
function growthMarks(gauges: readonly Gauge[], seconds: number): Mark[] {
  const warm = gauges.slice(Math.floor(gauges.length / 3));
  const growthOf = (value: (gauge: Gauge) => number): number =>
    growthPerTenMinutes(
      leastOfEachMinute(warm.map((gauge) => ({ atMillis: gauge.atMillis, value: value(gauge) }))),
    );
  const ownGrowth = growthOf(({ ownBytes }) => ownBytes);
  const resident = growthOf(({ rssBytes }) => rssBytes);
  const tail = Math.max(1, Math.floor(warm.length / 10));
  const moreOf = (value: (gauge: Gauge) => number): number =>
    percentile(warm.slice(-tail).map(value), 0.5) - percentile(warm.slice(0, tail).map(value), 0.5);
  const [files, sockets] = [moreOf((gauge) => gauge.files), moreOf((gauge) => gauge.sockets)];
  const percent = (part: number): string => `${(part * 100).toFixed(2)} %`;
  const memory = mark(
    'speed',
    'memory does not grow',
    ownGrowth < MAX_GROWTH,
    `${percent(ownGrowth)} of its own in 10 min, ${percent(resident)} resident (with mapped files), ${megabytes(warm.at(-1)?.rssBytes ?? 0)} at the end; below ${percent(MAX_GROWTH)}`,
  );
  return [
    ...(seconds >= MIN_SLOPE_SECONDS ? [memory] : []),
    mark('correct', 'no open files more', files <= MAX_MORE_HANDLES, `${files} more than at first`),
    mark('correct', 'no sockets more', sockets <= MAX_MORE_HANDLES, `${sockets} more than at first`),
  ];
}

function mark(kind: Mark['kind'], name: string, isMet: boolean, numbers: string): Mark {
  return { kind, name: `soak: ${name}`, isMet, numbers };
}
