import type { SqlType } from '../sql-type.ts';
import { flinkType } from './flink-type.ts';
import type { Printed } from './printed.ts';

/** NULL with a type: Flink asks for one wherever it cannot tell. */
export function printNull(type: SqlType): Printed {
  return { sql: `CAST(NULL AS ${flinkType(type)})`, type, flink: flinkType(type), atom: true };
}
