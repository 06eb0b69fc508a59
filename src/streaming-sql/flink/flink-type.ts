import type { SqlType } from '../sql-type.ts';

const plainTypes: Readonly<Partial<Record<SqlType['name'], string>>> = {
  BIGINT: 'BIGINT',
  INTEGER: 'INT',
  SMALLINT: 'SMALLINT',
  TINYINT: 'TINYINT',
  DOUBLE: 'DOUBLE',
  REAL: 'FLOAT',
  BOOLEAN: 'BOOLEAN',
  DATE: 'DATE',
  TIME: 'BIGINT',
  TIMESTAMP: 'TIMESTAMP(3)',
  INTERVAL: 'BIGINT',
  NULL: 'STRING',
};

/**
 * The Flink type that carries values of a dialect type (Flink documentation, "Data Types"). CHAR is VARCHAR, because
 * nothing is padded here; REAL is FLOAT; TIME and INTERVAL are milliseconds, because Flink's TIME ends at seconds and its
 * intervals are no columns.
 */
export function flinkType(type: SqlType): string {
  const { name, length = 1 } = type;
  if (name === 'VARCHAR' || name === 'CHAR')
    return type.length === undefined ? 'STRING' : `VARCHAR(${length})`;
  if (name === 'BINARY' || name === 'VARBINARY') return `${name}(${length})`;
  if (name === 'DECIMAL') return `DECIMAL(${type.precision ?? 18}, ${type.scale ?? 0})`;
  return plainTypes[name] ?? 'STRING';
}
