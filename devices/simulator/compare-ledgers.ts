import type { LedgerCounts } from './device-ledger.ts';

/** What the runtime's `/v1/ledger` says, as far as it is compared. */
export interface RuntimeLedger {
  readonly stages: readonly {
    readonly stage: string;
    readonly in: number;
    readonly out: number;
    readonly dropped: Readonly<Record<string, number>>;
    readonly inFlight: number;
  }[];
}

/** What came of it, in sentences; `holds` when nothing acknowledged is unaccounted for. */
export interface LedgerComparison {
  readonly holds: boolean;
  /** Messages that the runtime accepted meanwhile. */
  readonly accounted: number;
  readonly lines: readonly string[];
}

/** The runtime's stage of MQTT messages: out is what it accepted, dropped is what it refused. */
const MQTT = 'mqtt';

/**
 * Compares what a simulator sent with what the runtime accepted between two looks at its ledger. Others that publish meanwhile
 * make the runtime's figures larger, never smaller: then a loss could hide behind them, and the comparison says so.
 */
export function compareLedgers(
  sent: LedgerCounts,
  before: RuntimeLedger,
  after: RuntimeLedger,
): LedgerComparison {
  const accounted = outOf(after) - outOf(before);
  const missing = sent.acknowledged - accounted;
  const verdict = missing > 0 ? missingLine(sent, accounted) : holdingLine(sent, accounted);
  const inconsistent = after.stages.filter(({ inFlight }) => inFlight < 0);
  return {
    holds: missing <= 0 && inconsistent.length === 0,
    accounted,
    lines: [
      `${words(sent.sent)} sent in ${words(sent.transmissions)} transmissions: ${words(sent.acknowledged)} acknowledged, ${words(sent.refused)} refused, ${words(sent.unknown)} unknown`,
      verdict,
      ...inconsistent.map(
        ({ stage, inFlight }) => `stage '${stage}' counts ${words(-inFlight)} more out than in`,
      ),
      ...droppedLines(before, after),
    ],
  };
}

function missingLine({ acknowledged }: LedgerCounts, accounted: number): string {
  return `${words(acknowledged - accounted)} of ${words(acknowledged)} acknowledged messages are not accounted for: the runtime accepted ${words(accounted)}`;
}

function holdingLine({ acknowledged, transmissions }: LedgerCounts, accounted: number): string {
  const more = accounted - acknowledged;
  if (more === 0) return `the runtime accepted ${words(accounted)}: exactly what was acknowledged`;
  const common = `the runtime accepted ${words(accounted)}: all that was acknowledged, and ${words(more)} more`;
  return accounted <= transmissions
    ? `${common}, of what was sent and not acknowledged, or sent again`
    : `${common}, so others have published too, behind which a loss could hide`;
}

/** What was dropped meanwhile, stage by stage, with the reason. */
function droppedLines(before: RuntimeLedger, after: RuntimeLedger): string[] {
  return after.stages.flatMap(({ stage, dropped }) => {
    const old = new Map(Object.entries(before.stages.find((each) => each.stage === stage)?.dropped ?? {}));
    return Object.entries(dropped)
      .map(([reason, count]) => ({ reason, count: count - (old.get(reason) ?? 0) }))
      .filter(({ count }) => count > 0)
      .map(({ reason, count }) => `${stage}: ${words(count)} dropped, ${reason}`);
  });
}

function outOf({ stages }: RuntimeLedger): number {
  return stages.find(({ stage }) => stage === MQTT)?.out ?? 0;
}

function words(count: number): string {
  return count.toLocaleString('en-US');
}
