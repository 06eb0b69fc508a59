import type { InputColumnPlan } from '../plan.ts';
import type { SqlType } from '../sql-type.ts';
import { EvaluationError } from './engine-error.ts';
import { compileCoercion, type InputCoercion } from './input-coercion.ts';
import { compileLookup } from './json-path.ts';
import type { Value } from './row.ts';

type Lookup = (record: unknown) => unknown;

/**
 * Generates the function that turns a record into a row: straight-line code with one property access per column, which
 * the runtime optimises for the records' shape; a loop over closures took three times as long. Every text that goes
 * into the code is a JSON string or a number.
 */
export function compileRowReader(
  columns: readonly InputColumnPlan[],
  width: number,
): (record: unknown) => Value[] {
  const lookups: Lookup[] = columns.map(({ path }) => compileLookup(path));
  const coercions: InputCoercion[] = columns.map(({ name, type }) => compileCoercion(name, type));
  const reads = columns.map(
    ({ path }, i) =>
      `const v${i} = ${isPlain(path) ? `record[${JSON.stringify(path[0])}]` : `lookups[${i}](record)`};`,
  );
  const values = columns.map(({ type }, i) => `${fits(type, `v${i}`)} ? v${i} : coercions[${i}](v${i})`);
  const nulls = Array.from({ length: width - columns.length }, () => 'null');
  const body = `return (record) => {
    if (typeof record !== 'object' || record === null) refuse();
    ${reads.join('\n')}
    return [${[...values, ...nulls].join(', ')}];
  };`;
  const create = new Function('lookups', 'coercions', 'refuse', body) as (
    lookups: readonly Lookup[],
    coercions: readonly InputCoercion[],
    refuse: () => never,
  ) => (record: unknown) => Value[];
  return create(lookups, coercions, refuse);
}

function refuse(): never {
  throw new EvaluationError('RECORD_FORMAT', 'Record is no JSON object');
}

/** One member that no record inherits. */
function isPlain(path: InputColumnPlan['path']): boolean {
  return path.length === 1 && typeof path[0] === 'string' && !(path[0] in Object.prototype);
}

/** Code of the test for values that need no coercion. */
function fits(type: SqlType, name: string): string {
  switch (type.name) {
    case 'DOUBLE':
      return `typeof ${name} === 'number' && ${name} - ${name} === 0`;
    case 'INTEGER':
      return `typeof ${name} === 'number' && (${name} | 0) === ${name}`;
    case 'BIGINT':
      return `Number.isSafeInteger(${name})`;
    case 'VARCHAR':
    case 'CHAR':
      return `typeof ${name} === 'string' && ${name}.length <= ${type.length ?? 1}`;
    case 'BOOLEAN':
      return `typeof ${name} === 'boolean'`;
    default:
      return 'false';
  }
}
