import type { DifferenceName } from './differences.ts';
import type { FunctionName } from './flink-functions.ts';
import type { Printed } from './printed.ts';

/** What printing an expression needs: the row it stands over, and where to say what it uses. */
export interface ExpressionContext {
  /** The columns of the row by position. */
  readonly columns: readonly Printed[];
  /** SQL of the row's ROWTIME as a TIMESTAMP(3). */
  readonly rowtime: string;
  /** A call of a function of the runner. */
  call(name: FunctionName, values: readonly string[]): string;
  /** Says that Flink does something otherwise than the engine. */
  differ(name: DifferenceName): void;
  /** @throws NotForFlinkError */
  refuse(reason: string): never;
}
