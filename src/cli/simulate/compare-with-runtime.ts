import { SimulatorOptionError } from '../../../devices/device-error.ts';
import {
  compareLedgers,
  type LedgerComparison,
  type RuntimeLedger,
} from '../../../devices/simulator/compare-ledgers.ts';
import type { LedgerCounts } from '../../../devices/simulator/device-ledger.ts';

const TIMEOUT_MILLIS = 10_000;

/** Looks at the runtime's ledger now, to compare it later with what was sent meanwhile. @throws SimulatorOptionError */
export async function beginComparison(
  url: string,
): Promise<(sent: LedgerCounts) => Promise<LedgerComparison>> {
  const before = await fetchLedger(url);
  return async (sent) => compareLedgers(sent, before, await fetchLedger(url));
}

async function fetchLedger(url: string): Promise<RuntimeLedger> {
  try {
    const response = await fetch(new URL('/v1/ledger', url), { signal: AbortSignal.timeout(TIMEOUT_MILLIS) });
    if (!response.ok) throw new Error(`it answered ${response.status}`);
    return (await response.json()) as RuntimeLedger;
  } catch (cause) {
    const { message, cause: inner } = cause as Error & { cause?: Error };
    throw new SimulatorOptionError(`Cannot read the ledger of '${url}': ${inner?.message ?? message}`, {
      cause,
    });
  }
}
