import type { AggregateName } from './plan.ts';
import { bigint, boolean, double, familyOf, type SqlType } from './sql-type.ts';

/** Where an aggregate may stand: in GROUP BY queries, over a window, or both. */
interface AggregateRule {
  readonly grouped: boolean;
  readonly windowed: boolean;
  readonly argument: 'numeric' | 'boolean' | 'any';
  readonly result: (argument: SqlType) => SqlType;
}

const same = (argument: SqlType): SqlType => argument;
const real = (): SqlType => double;

/** AVG keeps the type of its argument and truncates integers; SUM of an integer widens so that it cannot overflow early. */
export const aggregateRules: Readonly<Record<AggregateName, AggregateRule>> = {
  COUNT: { grouped: true, windowed: true, argument: 'any', result: () => bigint },
  SUM: { grouped: true, windowed: true, argument: 'numeric', result: widen },
  AVG: { grouped: true, windowed: true, argument: 'numeric', result: same },
  MIN: { grouped: true, windowed: true, argument: 'any', result: same },
  MAX: { grouped: true, windowed: true, argument: 'any', result: same },
  FIRST_VALUE: { grouped: true, windowed: true, argument: 'any', result: same },
  LAST_VALUE: { grouped: true, windowed: true, argument: 'any', result: same },
  STDDEV_POP: { grouped: true, windowed: true, argument: 'numeric', result: real },
  STDDEV_SAMP: { grouped: true, windowed: true, argument: 'numeric', result: real },
  VAR_POP: { grouped: true, windowed: true, argument: 'numeric', result: real },
  VAR_SAMP: { grouped: true, windowed: true, argument: 'numeric', result: real },
  ANY: { grouped: true, windowed: true, argument: 'boolean', result: () => boolean },
  EVERY: { grouped: true, windowed: true, argument: 'boolean', result: () => boolean },
  EXP_AVG: { grouped: false, windowed: true, argument: 'numeric', result: real },
  LAG: { grouped: false, windowed: true, argument: 'any', result: same },
  NTH_VALUE: { grouped: false, windowed: true, argument: 'any', result: same },
};

export function isAggregate(name: string): name is AggregateName {
  return Object.hasOwn(aggregateRules, name);
}

function widen(argument: SqlType): SqlType {
  if (argument.name === 'DECIMAL') return { name: 'DECIMAL', precision: 18, scale: argument.scale ?? 0 };
  if (argument.name === 'REAL') return double;
  return familyOf(argument) === 'numeric' && argument.name !== 'DOUBLE' ? bigint : argument;
}
