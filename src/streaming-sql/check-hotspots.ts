import type { CheckedQuery } from './check-from.ts';
import type { Checker } from './checker.ts';
import { varchar } from './sql-type.ts';
import type { SyntaxExpression } from './syntax.ts';
import {
  argumentsOf,
  numericColumns,
  type PlannedFunction,
  type TableFunctionItem,
  wholeNumber,
} from './table-function-arguments.ts';

/** HOTSPOTS ( cursor, windowSize, scanRadius, minimumNumberOfPointsInAHotspot ); SQL reference, "HOTSPOTS". */
export function planHotspots(
  cursor: CheckedQuery,
  item: TableFunctionItem,
  checker: Checker,
): PlannedFunction {
  const [windowNode, radiusNode, pointsNode] = argumentsOf(item, 3, 3, checker);
  const windowSize = wholeNumber(windowNode, ['windowSize', 100, 1000], 100, checker);
  const bounds = ['minimumNumberOfPointsInAHotspot', 2, windowSize] as const;
  return {
    operator: {
      kind: 'hotspots',
      input: cursor.operator,
      columns: numericColumns(cursor, item, Number.POSITIVE_INFINITY, checker),
      windowSize,
      scanRadius: radius(radiusNode!, checker),
      minimumPoints: wholeNumber(pointsNode, bounds, 2, checker),
    },
    columns: [...cursor.columns, { name: 'HOTSPOTS_RESULT', type: varchar(65_534) }],
  };
}

function radius(node: SyntaxExpression, checker: Checker): number {
  const value = node.kind === 'number' ? Number(node.text) : 0;
  if (value > 0 && Number.isFinite(value)) return value;
  return checker.fail(node.start, 'scanRadius must be a number greater than zero');
}
