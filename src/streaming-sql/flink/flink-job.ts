import type { InputPlan, ReferencePlan, TimePlan } from '../plan.ts';

/** A column with its type in Flink and in the dialect, by which the runner prints its values. */
export interface JobColumn {
  readonly name: string;
  readonly type: string;
  readonly sqlType: string;
  readonly nullable?: boolean;
}

/** A table function that the runner makes over a reference table: its rows by the values of some columns. */
export interface JobLookup {
  readonly function: string;
  readonly keys: readonly { readonly column: string; readonly type: string }[];
}

export interface JobReference extends Omit<ReferencePlan, 'name' | 'columns'> {
  readonly table: string;
  readonly columns: readonly (JobColumn & { readonly path: ReferencePlan['columns'][number]['path'] })[];
  readonly lookups: readonly JobLookup[];
}

export interface JobSource {
  /** The in-application streams of the source, each a view that the runner makes. */
  readonly views: readonly string[];
  readonly inputSchema: InputPlan;
  readonly columns: readonly JobColumn[];
  readonly rowtimeType: 'TIMESTAMP(3)';
  /** Pseudo-columns that the statements read, behind the columns. */
  readonly pseudoColumns: readonly string[];
  readonly time: {
    readonly kind: TimePlan['source'];
    readonly column?: string;
    readonly outOfOrderMillis: number;
    readonly maxAheadMillis: number;
    readonly idleMillis: number;
  };
  readonly reference: readonly JobReference[];
}

export interface JobView {
  readonly name: string;
  readonly sql: string;
}

export interface JobOutput {
  readonly stream: string;
  readonly columns: readonly JobColumn[];
  readonly query: string;
}

/** The failing rows of one step of a pump: ERROR_NAME, ERROR_TIME and DATA_ROW, the row's values as a JSON array. */
export interface JobErrors {
  readonly pump: string;
  readonly message: string;
  readonly query: string;
}

/** What `analytics-sql/flink-runner` runs: an application as the statements of one Flink job. */
export interface FlinkJob {
  readonly version: 1;
  readonly application: string;
  readonly settings: Readonly<Record<string, string>>;
  readonly source: JobSource;
  readonly functions: readonly string[];
  readonly views: readonly JobView[];
  readonly outputs: readonly JobOutput[];
  readonly errors: readonly JobErrors[];
}
