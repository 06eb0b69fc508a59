import { checkExpression } from './check-expression.ts';
import type { CheckedQuery } from './check-from.ts';
import type { Checker } from './checker.ts';
import type { Expression } from './plan.ts';
import { commonType, nullType, printType, type SqlType } from './sql-type.ts';
import type { Values } from './syntax.ts';

/**
 * VALUES ( … ), ( … ): rows without a stream (SQL reference, "Query"). All rows have the same columns; as a pump's
 * query they are inserted once, when the application starts.
 */
export function checkValues(query: Values, checker: Checker): CheckedQuery {
  const env = { checker, scope: { relations: [] } };
  const rows = query.rows.map((row) => row.map((item) => checkExpression(item, env)));
  const width = rows[0]?.length ?? 0;
  const odd = rows.findIndex((row) => row.length !== width);
  if (odd >= 0) {
    checker.fail(
      query.rows[odd]?.[0]?.start ?? query.start,
      `Row ${odd + 1} of VALUES has ${rows[odd]?.length} value(s) but the first has ${width}, all rows need the same`,
    );
  }
  const types = Array.from({ length: width }, (_, column) => sharedType(rows, column, query, checker));
  return {
    operator: { kind: 'values', rows: rows.map((row) => row.map((item, i) => conform(item, types[i]!))) },
    columns: types.map((type, index) => ({ name: `EXPR$${index}`, type })),
  };
}

function sharedType(
  rows: readonly (readonly Expression[])[],
  column: number,
  query: Values,
  checker: Checker,
): SqlType {
  return rows.reduce<SqlType>((type, row, index) => {
    const own = row[column]?.type ?? nullType;
    const shared = commonType(type, own);
    if (shared !== undefined) return shared;
    return checker.fail(
      query.rows[index]?.[column]?.start ?? query.start,
      `Column ${column + 1} of VALUES is ${printType(type)} and ${printType(own)}, write CAST(… AS …)`,
    );
  }, nullType);
}

function conform(item: Expression, type: SqlType): Expression {
  return printType(item.type) === printType(type) ? item : { kind: 'cast', operand: item, type };
}
