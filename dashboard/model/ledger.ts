/** Counts by reason, in the order the runtime sent them. */
export type ReasonCounts = ReadonlyMap<string, number>;

/** One station of the way of a message: in = out + the sum of dropped + inFlight. */
export interface LedgerStage {
  readonly stage: string;
  readonly in: number;
  readonly out: number;
  readonly dropped: ReasonCounts;
  readonly inFlight: number;
  /** Whether the stage counts what the log has had for it; undefined when the runtime does not say. */
  readonly balanced?: boolean;
}

/** What happened to every message the runtime accepted or refused. */
export interface Ledger {
  readonly accepted: number;
  readonly stages: readonly LedgerStage[];
  readonly filtered: ReasonCounts;
  readonly late: ReasonCounts;
  readonly rejected: ReasonCounts;
  readonly refused: ReasonCounts;
}

/** Reads the object of `/v1/ledger`; whatever is missing or no number counts as 0. */
export function parseLedger(value: unknown): Ledger {
  const source = asRecord(value);
  const stages = Array.isArray(source.stages) ? source.stages : [];
  return {
    accepted: asCount(source.accepted),
    stages: stages.map(parseStage),
    filtered: parseReasons(source.filtered),
    late: parseReasons(source.late),
    rejected: parseReasons(source.rejected),
    refused: parseReasons(source.refused),
  };
}

/** Sum over all reasons. */
export function totalOf(counts: ReasonCounts): number {
  let total = 0;
  for (const count of counts.values()) total += count;
  return total;
}

/** How many records a stage cannot account for: 0 means that in = out + dropped + in flight. */
export function imbalanceOf(stage: LedgerStage): number {
  return stage.in - stage.out - totalOf(stage.dropped) - stage.inFlight;
}

function parseStage(value: unknown): LedgerStage {
  const source = asRecord(value);
  return {
    stage: String(source.stage ?? ''),
    in: asCount(source.in),
    out: asCount(source.out),
    dropped: parseReasons(source.dropped),
    inFlight: asCount(source.inFlight),
    ...(typeof source.balanced === 'boolean' && { balanced: source.balanced }),
  };
}

function parseReasons(value: unknown): ReasonCounts {
  if (typeof value === 'number') return new Map(value === 0 ? [] : [['', value]]);
  const pairs = Object.entries(asRecord(value)).map(([reason, count]) => [reason, asCount(count)] as const);
  return new Map(pairs.filter(([, count]) => count !== 0));
}

function asCount(value: unknown): number {
  return typeof value === 'number' && Number.isFinite(value) ? value : 0;
}

function asRecord(value: unknown): Record<string, unknown> {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
}
