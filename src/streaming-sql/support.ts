/**
 * How a back end takes a statement: `native` as it is, `udf` with a user-defined function, `function` with stateful code
 * of its own (Flink: a process table function or DataStream code), `impossible` not at all.
 */
export type SupportClass = 'native' | 'udf' | 'function' | 'impossible';

/** A statement on one back end, with one sentence about why. */
export interface Support {
  readonly support: SupportClass;
  readonly reason: string;
}
