/** Base of all errors of printing a plan as Flink SQL. */
export class FlinkError extends Error {
  override readonly name: string = 'FlinkError';
}

/** A pump that cannot be said in Flink SQL; `reason` is the bare sentence, `pump` the pump's name. */
export class NotForFlinkError extends FlinkError {
  override readonly name = 'NotForFlinkError';
  readonly pump: string;
  readonly reason: string;

  constructor(pump: string, reason: string) {
    super(`Cannot print pump "${pump}" as Flink SQL: ${reason}`);
    this.pump = pump;
    this.reason = reason;
  }
}
