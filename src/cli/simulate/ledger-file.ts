import { renameSync, writeFileSync } from 'node:fs';
import { SimulatorOptionError } from '../../../devices/device-error.ts';
import type { Simulator } from '../../../devices/simulator/start-simulator.ts';

const REWRITE_MILLIS = 10_000;

/**
 * Keeps the simulator's ledger in a file, rewritten whole every ten seconds and at the end, so that a kill costs the last ones
 * only: a line about the run, one for each device, and the total.
 */
export function keepLedgerFile(
  file: string,
  simulator: Pick<Simulator, 'ledger'>,
  about: object,
): { stop(): void } {
  const startedMillis = Date.now();
  const write = (isComplete: boolean): void => {
    const { devices, total } = simulator.ledger();
    const run = { ...about, startedMillis, writtenMillis: Date.now(), complete: isComplete };
    const lines = [{ run }, ...devices, { total }].map((line) => `${JSON.stringify(line)}\n`);
    writeFileSync(`${file}.new`, lines.join(''));
    renameSync(`${file}.new`, file);
  };
  try {
    write(false);
  } catch (cause) {
    throw new SimulatorOptionError(`Cannot write the ledger '${file}': ${(cause as Error).message}`, {
      cause,
    });
  }
  const timer = setInterval(() => write(false), REWRITE_MILLIS);
  return {
    stop: () => {
      clearInterval(timer);
      write(true);
    },
  };
}
