import { isBuffer } from '../delivery/read-stores.ts';
import type { Ledger, LedgerStage } from '../delivery/stores.ts';

export async function readLedger(http: string): Promise<Ledger> {
  const response = await fetch(`${http}/v1/ledger`);
  if (!response.ok) throw new Error(`Cannot read the ledger: ${response.status} ${await response.text()}`);
  return (await response.json()) as Ledger;
}

/** Stages where in is not out + dropped + in flight, or that the log counts otherwise. */
export function unbalanced({ stages }: Ledger): string[] {
  return stages.filter((stage) => !isExact(stage)).map((stage) => JSON.stringify(stage));
}

function isExact(stage: LedgerStage): boolean {
  const dropped = Object.values(stage.dropped).reduce((total, count) => total + count, 0);
  return stage.balanced && stage.in === stage.out + dropped + stage.inFlight;
}

/** Records that wait somewhere. */
export function inFlight({ stages }: Ledger): number {
  return stages.filter(({ stage }) => !isBuffer(stage)).reduce((total, stage) => total + stage.inFlight, 0);
}

/** Seconds until nothing waits anywhere, told of each minute; undefined when something still does after the time. */
export async function secondsUntilQuiet(
  http: string,
  withinSeconds: number,
  print: (line: string) => void,
): Promise<number | undefined> {
  const start = performance.now();
  for (let told = 0; ; ) {
    const seconds = (performance.now() - start) / 1000;
    const waiting = inFlight(await readLedger(http));
    if (waiting === 0) return seconds;
    if (seconds > withinSeconds) return undefined;
    if (seconds >= told + PROGRESS_SECONDS) {
      told += PROGRESS_SECONDS;
      print(`… ${waiting} still wait after ${told} s of at most ${withinSeconds}`);
    }
    await new Promise((resolve) => setTimeout(resolve, 250));
  }
}

const PROGRESS_SECONDS = 60;

/** Where what was acknowledged and what is counted differ. */
export function differences(ledger: Ledger, acknowledged: number, attempts: number): string[] {
  const found: string[] = [];
  if (ledger.accepted < acknowledged || ledger.accepted > attempts)
    found.push(`${ledger.accepted} accepted of ${attempts} attempts, ${acknowledged} acknowledged`);
  const onStream = ledger.stages.find(({ stage }) => /^stream .*-readings$/.test(stage));
  for (const stage of ledger.stages.filter(({ stage: name }) => READERS.test(name)))
    if (stage.in !== onStream?.in)
      found.push(`'${stage.stage}' counts ${stage.in} of ${onStream?.in ?? 0} readings on the stream`);
  if (onStream?.in !== ledger.accepted)
    found.push(`${ledger.accepted} accepted, ${onStream?.in ?? 0} on the stream of the readings`);
  return found;
}

/** The stages that read every reading. */
export const READERS = /^(function (store|archive)-readings|windows .*weather-?windows|delivery .*raw.*)$/i;
