/** A conformance case that is answered differently on purpose. */
export interface Difference {
  /** The case's statement or expression. */
  readonly expression: string;
  readonly answer: unknown;
  readonly reason: string;
}

/** Every case of iot-sql.json whose expected answer is not ours, with the reason. */
export const ANSWERED_DIFFERENTLY: readonly Difference[] = [];
