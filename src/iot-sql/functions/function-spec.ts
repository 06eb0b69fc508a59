import type { IotSqlVersion } from '../dialect.ts';
import type { ExternalFunctions } from '../external-functions.ts';
import type { Evaluate } from '../frame.ts';
import type { ExpressionNode } from '../nodes.ts';
import type { Value } from '../value.ts';

/** What a function that needs more than its arguments' values is compiled from. */
export interface CallSite {
  readonly arguments: readonly Evaluate[];
  readonly nodes: readonly ExpressionNode[];
  readonly version: IotSqlVersion;
  /** Upper-case type name of a cast. */
  readonly castType: string | undefined;
  readonly external: ExternalFunctions | undefined;
}

/**
 * One function of the language, as data. A call with a number of arguments outside the bounds gives Undefined, as AWS
 * says of every function given invalid arguments (AWS IoT developer guide, iot-sql-data-types, "Undefined").
 */
export interface FunctionSpec {
  readonly minArguments: number;
  readonly maxArguments: number;
  /** Absent: both versions. */
  readonly since?: '2016-03-23';
  /** The result is a Decimal even when it is whole: `power(2, 5)` is 32.0 in version 2015-10-08. */
  readonly isDecimal?: true;
  /** Most calls of it in one statement. */
  readonly maxCalls?: number;
  /** Positions of arguments, -1 for the last, that must not be a SET variable (AWS IoT developer guide, iot-sql-set). */
  readonly fixedArguments?: readonly number[];
  /** It reaches outside the message and needs a port. */
  readonly isExternal?: true;
  /** The function itself, for those that need only the values of their arguments. */
  readonly evaluate?: (...values: Value[]) => Value;
  /** Builds the closure, for those that need the message, the argument's text or the port. */
  readonly compile?: (call: CallSite) => Evaluate;
}

/** Function names in lower case and what they are. */
export type FunctionTable = Readonly<Record<string, FunctionSpec>>;
