import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { type Mark, printMarks } from './marks.ts';
import { runOverload } from './run-overload.ts';
import { runSoak } from './run-soak.ts';
import { SoakSession } from './soak-session.ts';

/*
 * npm run test:soak -- --overload              three times what is taken, for 60 s; then the checker
 * npm run test:soak -- --minutes 30            half of what is carried, with a reconnect storm each minute
 * Both together run one after the other on one process. Exit code 1 when a mark is missed.
 */
export interface SoakRunOptions {
  readonly rampSeconds: number;
  /** 0 for no overload. */
  readonly overloadSeconds: number;
  /** 0 for no soak. */
  readonly soakSeconds: number;
  readonly stormSeconds: number;
  /** Whether the checker reads every store at the end: it takes memory and time for each event. */
  readonly isChecked: boolean;
  readonly print: (line: string) => void;
}

const OVERLOAD_TIMES = 3;
const QUIET_SECONDS = 600;
const SETTLE_MILLIS = 60_000;

export async function runSoakSession(options: SoakRunOptions): Promise<readonly Mark[]> {
  const folder = mkdtempSync(join(tmpdir(), 'mesonet-soak-'));
  const session = await SoakSession.start(folder, options.isChecked, options.print);
  const marks: Mark[] = [];
  try {
    const capacity = await session.findCapacity(options.rampSeconds);
    const { overloadSeconds, soakSeconds, stormSeconds } = options;
    if (overloadSeconds > 0)
      marks.push(
        ...(await runOverload(session, { ...capacity, seconds: overloadSeconds, times: OVERLOAD_TIMES })),
      );
    if (soakSeconds > 0)
      marks.push(
        ...(await runSoak(session, {
          seconds: soakSeconds,
          perSecond: capacity.carriedPerSecond / 2,
          stormSeconds,
        })),
      );
    else await session.fleet.finish(SETTLE_MILLIS);
    if (options.isChecked) {
      const { isKept, output } = await session.check(QUIET_SECONDS);
      options.print(output);
      const numbers = isKept ? 'all seven' : 'see above';
      marks.push({ kind: 'correct', name: 'what was acknowledged is intact', isMet: isKept, numbers });
    }
  } finally {
    await session.end();
  }
  if (marks.every(({ isMet, kind }) => isMet || kind === 'speed'))
    rmSync(folder, { recursive: true, force: true });
  else options.print(`Kept ${folder}`);
  return marks;
}

/** The longest soak whose events the checker can hold at once. */
const MAX_CHECKED_MINUTES = 3;

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      overload: { type: 'boolean', default: false },
      minutes: { type: 'string', default: '0' },
      seconds: { type: 'string', default: '60' },
    },
  });
  const minutes = Number(values.minutes);
  const seconds = Number(values.seconds);
  if (!(minutes >= 0 && seconds > 0) || (minutes === 0 && !values.overload)) {
    console.error('Expected --overload [--seconds 60], --minutes N, or both');
    process.exitCode = 2;
    return;
  }
  const marks = await runSoakSession({
    rampSeconds: 5,
    overloadSeconds: values.overload ? seconds : 0,
    soakSeconds: minutes * 60,
    stormSeconds: 60,
    isChecked: minutes <= MAX_CHECKED_MINUTES,
    print: console.log,
  });
  console.log(`\n${printMarks(marks)}`);
  if (marks.some(({ isMet }) => !isMet)) process.exitCode = 1;
}

if (import.meta.main) await main();
