/** A record of the readings stream, with its JSON where it is JSON. */
export interface StreamReading {
  readonly arrivalMillis: number;
  readonly value: Readonly<Record<string, unknown>>;
}

/** A window as it was put on its stream or is stored. `endMillis` since the epoch. */
export interface WindowResult {
  readonly sensor: string;
  readonly endMillis: number;
  readonly count: number;
  readonly sum: number;
  readonly min: number;
  readonly max: number;
  readonly revision: number;
}

export interface Sample {
  readonly sensor: string;
  readonly timeMillis: number;
  readonly value: number;
}

/** What was kept because it can never be stored. */
export interface RejectedMessage {
  /** Function that refused it, out of the object's key. */
  readonly by: string;
  readonly reason: string;
  readonly bytes: string;
}

export interface LedgerStage {
  readonly stage: string;
  readonly in: number;
  readonly out: number;
  readonly dropped: Readonly<Record<string, number>>;
  readonly inFlight: number;
  readonly balanced: boolean;
}

export interface Ledger {
  readonly accepted: number;
  readonly stages: readonly LedgerStage[];
  readonly filtered: Readonly<Record<string, number>>;
}

/** Everything that the public interfaces show after quiescence. */
export interface Stores {
  /** In the order of each shard. */
  readonly readings: readonly StreamReading[];
  /** The windows stream, in its order. */
  readonly windows: readonly WindowResult[];
  /** The windows table. */
  readonly storedWindows: readonly WindowResult[];
  readonly samples: readonly Sample[];
  readonly latest: readonly Sample[];
  /** Identities in the archive, one for each line. */
  readonly archived: readonly string[];
  readonly rejected: readonly RejectedMessage[];
  /** Keys of batches and events that were given up. */
  readonly failed: readonly string[];
  readonly ledger: Ledger;
  /** How long it took until nothing was in flight; undefined when that did not happen. */
  readonly quietSeconds: number | undefined;
  /** When the windows were read, milliseconds since the epoch. */
  readonly readMillis: number;
}
