import type { SqlType } from '../sql-type.ts';

/** Code of the test for values that are of the type as they are. */
export function fitsCode(type: SqlType, name: string): string {
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
