import type { LogParsePlan } from './log-parse-plan.ts';
import type { SqlType } from './sql-type.ts';
import type { GroupRankPlan, HotspotsPlan, RandomCutForestPlan } from './table-function-plan.ts';

/**
 * What a compiled application is: immutable data that survives JSON, so that it can be compiled at build time and
 * shipped inside a Lambda function. Rows are arrays of column values by position; their ROWTIME travels beside them.
 */
export interface ApplicationPlan {
  readonly formatVersion: 1;
  /** Hash of everything below: a snapshot is only restored into the plan that wrote it. */
  readonly fingerprint: string;
  readonly file: string;
  readonly time: TimePlan;
  readonly input: InputPlan;
  readonly references: readonly ReferencePlan[];
  /** In-application streams in the order of their CREATE STREAM. */
  readonly streams: readonly StreamPlan[];
  /** Pumps in data-flow order: a pump comes after every pump that writes a stream it reads. */
  readonly pumps: readonly PumpPlan[];
  readonly warnings: readonly PlanWarning[];
}

/** Suspicious but legal text, with its place (1-based line and column). */
export interface PlanWarning {
  readonly message: string;
  readonly line: number;
  readonly column: number;
}

/** Where ROWTIME comes from; every span is in milliseconds. */
export interface TimePlan {
  readonly source: 'arrival' | 'column';
  /** Index of the time column in the input, for `source: 'column'`. */
  readonly columnIndex: number;
  /** How long a closed window still accepts late rows and emits corrections. */
  readonly allowedLatenessMillis: number;
  /** How far the watermark stays behind the newest timestamp. */
  readonly outOfOrderMillis: number;
  /** A timestamp further ahead of arrival than this never moves the watermark. */
  readonly maxAheadMillis: number;
  /** After this long without a row, a shard no longer holds the watermark back. */
  readonly idleMillis: number;
}

export interface InputPlan {
  readonly streamNames: readonly string[];
  readonly format: 'JSON' | 'CSV';
  readonly rowPath: readonly PathStep[];
  readonly rowDelimiter: string;
  readonly columnDelimiter: string;
  readonly columns: readonly InputColumnPlan[];
  /** The pseudo-columns of the source that the application reads; absent where it reads none. */
  readonly pseudoColumns?: readonly string[];
}

export interface InputColumnPlan {
  readonly name: string;
  readonly type: SqlType;
  readonly path: readonly PathStep[];
}

/** One step of a JSONPath mapping: a member name, an array index, or every element (`[0:]`, `[*]`). */
export type PathStep = string | number | { readonly every: true };

export interface ReferencePlan {
  readonly name: string;
  readonly columns: readonly InputColumnPlan[];
  readonly format: 'JSON' | 'CSV';
  readonly rowPath: readonly PathStep[];
  readonly rowDelimiter: string;
  readonly columnDelimiter: string;
}

export interface ColumnPlan {
  readonly name: string;
  readonly type: SqlType;
  readonly notNull?: boolean;
  /** The record this is a field of: `name` is read as `record.name` only. Never set on a stream's columns. */
  readonly record?: string;
}

export interface StreamPlan {
  readonly name: string;
  readonly columns: readonly ColumnPlan[];
}

export interface PumpPlan {
  readonly name: string;
  readonly into: string;
  /** For every column of the target stream: the position in the query's row, or -1 for NULL. */
  readonly columnMap: readonly number[];
  readonly query: Operator;
}

/** The operators; a row is an array, positions are indexes into the row of `input`. */
export type Operator =
  | ScanPlan
  | FilterPlan
  | ProjectPlan
  | TumblingAggregatePlan
  | SlidingAggregatePlan
  | StaggerAggregatePlan
  | WindowJoinPlan
  | ReferenceJoinPlan
  | SortPlan
  | RandomCutForestPlan
  | HotspotsPlan
  | GroupRankPlan
  | LogParsePlan
  | UnionPlan
  | ValuesPlan;

/** Reads a stream. Rows of the source carry the pseudo-columns behind their own columns. */
export interface ScanPlan {
  readonly kind: 'scan';
  readonly stream: string;
}

export interface FilterPlan {
  readonly kind: 'filter';
  readonly input: Operator;
  readonly predicate: Expression;
}

/** Computes a new row; `rowtime` overrides the time of the row (`expr AS ROWTIME`). */
export interface ProjectPlan {
  readonly kind: 'project';
  readonly input: Operator;
  readonly items: readonly Expression[];
  readonly rowtime?: Expression;
}

/** GROUP BY with a ROWTIME term. Output row: keys, window start, aggregates; its ROWTIME is the window end. */
export interface TumblingAggregatePlan {
  readonly kind: 'tumblingAggregate';
  readonly input: Operator;
  readonly window: TumblingWindow;
  readonly keys: readonly number[];
  readonly aggregates: readonly AggregateCall[];
}

export type TumblingWindow =
  | {
      readonly kind: 'fixed';
      readonly widthMillis: number;
      readonly originMillis: number;
      /** Rows of one ROWTIME: the result keeps that ROWTIME instead of the end. */
      readonly instant?: true;
    }
  | { readonly kind: 'calendar'; readonly unit: 'MONTH' | 'YEAR' };

/** WINDOWED BY STAGGER. Output row: keys, open time, aggregates; its ROWTIME is the close time. */
export interface StaggerAggregatePlan {
  readonly kind: 'staggerAggregate';
  readonly input: Operator;
  readonly rangeMillis: number;
  readonly keys: readonly number[];
  readonly aggregates: readonly AggregateCall[];
}

/** Analytic functions. Output row: the input row, then one column per call. */
export interface SlidingAggregatePlan {
  readonly kind: 'slidingAggregate';
  readonly input: Operator;
  readonly windows: readonly SlidingWindow[];
}

export interface SlidingWindow {
  readonly partition: readonly number[];
  readonly frame: WindowFrame;
  readonly calls: readonly AggregateCall[];
}

export type WindowFrame =
  | { readonly kind: 'range'; readonly precedingMillis: number }
  | { readonly kind: 'rows'; readonly precedingRows: number }
  | { readonly kind: 'unbounded' };

export interface AggregateCall {
  readonly function: AggregateName;
  /** Position of the argument; absent for COUNT(*). */
  readonly column?: number;
  /** Second arguments: LAG offset, NTH_VALUE position, EXP_AVG half life in milliseconds. */
  readonly parameter?: number;
  /** Position of LAG's default value. */
  readonly defaultColumn?: number;
  readonly type: SqlType;
  /** Type of the argument: decides exactness and comparison. */
  readonly argumentType?: SqlType;
}

export type AggregateName =
  | 'COUNT'
  | 'SUM'
  | 'AVG'
  | 'MIN'
  | 'MAX'
  | 'FIRST_VALUE'
  | 'LAST_VALUE'
  | 'STDDEV_POP'
  | 'STDDEV_SAMP'
  | 'VAR_POP'
  | 'VAR_SAMP'
  | 'ANY'
  | 'EVERY'
  | 'EXP_AVG'
  | 'LAG'
  | 'NTH_VALUE';

export type JoinKind = 'inner' | 'left' | 'right' | 'full';

/**
 * Output row: left row, left ROWTIME, right row, right ROWTIME. Rows meet iff the `equal` columns are equal, left.t lies
 * between right.t - leftPrecedingMillis and right.t + rightPrecedingMillis, and the condition holds.
 */
export interface WindowJoinPlan {
  readonly kind: 'windowJoin';
  readonly join: JoinKind;
  readonly left: Operator;
  readonly right: Operator;
  readonly leftWidth: number;
  readonly rightWidth: number;
  readonly leftPrecedingMillis: number;
  readonly rightPrecedingMillis: number;
  /** A window by ROWS: the newest so many rows, whatever the time. */
  readonly leftRows?: number;
  readonly rightRows?: number;
  /** Pairs of positions (left, right) found equal in the condition: they index the windows. */
  readonly equal: readonly (readonly [number, number])[];
  readonly condition: Expression | null;
}

/** Looks every stream row up in a reference table. Output row: input row, reference row. */
export interface ReferenceJoinPlan {
  readonly kind: 'referenceJoin';
  readonly join: 'inner' | 'left';
  readonly input: Operator;
  /** Name of the table, or rows that the text itself gives. */
  readonly reference: string | ValuesPlan;
  readonly inputWidth: number;
  readonly referenceWidth: number;
  readonly equal: readonly (readonly [number, number])[];
  readonly condition: Expression | null;
}

/** ORDER BY: rows of one time bucket are held until time passes the bucket, then come out in order. */
export interface SortPlan {
  readonly kind: 'sort';
  readonly input: Operator;
  readonly bucket: TumblingWindow;
  readonly keys: readonly { readonly item: Expression; readonly descending: boolean }[];
  /** Only the first so many rows of a bucket come out. */
  readonly limit?: number;
}

/** Rows without a stream, given once when the application starts. */
export interface ValuesPlan {
  readonly kind: 'values';
  readonly rows: readonly (readonly Expression[])[];
}

export interface UnionPlan {
  readonly kind: 'union';
  readonly inputs: readonly Operator[];
}

export type Expression =
  | { readonly kind: 'literal'; readonly value: string | number | boolean | null; readonly type: SqlType }
  | { readonly kind: 'column'; readonly index: number; readonly type: SqlType }
  | { readonly kind: 'rowtime'; readonly type: SqlType }
  | { readonly kind: 'startTime'; readonly type: SqlType }
  | {
      readonly kind: 'call';
      readonly function: string;
      readonly arguments: readonly Expression[];
      readonly type: SqlType;
    }
  | { readonly kind: 'cast'; readonly operand: Expression; readonly type: SqlType }
  | {
      readonly kind: 'case';
      readonly branches: readonly { readonly when: Expression; readonly result: Expression }[];
      readonly otherwise: Expression;
      readonly type: SqlType;
    };
