import type { Support } from './support.ts';

/** Something to mend or to know, with its place (1-based). */
export interface Problem {
  readonly line: number;
  readonly column: number;
  readonly message: string;
}

export interface BackEnds {
  /** The engine in the local runtime. */
  readonly engine: Support;
  /** The same engine with the state of Lambda's tumbling windows. */
  readonly lambda: Support;
  /** Managed Service for Apache Flink. */
  readonly flink: Support;
}

/** What is to be said of one statement. */
export interface StatementReport {
  /** For example `CREATE PUMP`. */
  readonly kind: string;
  readonly name: string;
  /** Where the first problem lies, or the statement itself begins (1-based). */
  readonly line: number;
  readonly column: number;
  readonly status: 'ok' | 'warning' | 'error';
  /** The first problem; absent where there is none. */
  readonly message?: string;
  readonly problems: readonly Problem[];
  readonly constructs: readonly string[];
  readonly backEnds: BackEnds;
}

export interface ApplicationReport {
  readonly file: string;
  /** Does the whole application compile, as far as it can be told? */
  readonly compiles: boolean;
  /** What concerns no single statement. */
  readonly notes: readonly string[];
  readonly statements: readonly StatementReport[];
}
