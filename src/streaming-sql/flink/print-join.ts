import type { WindowJoinPlan } from '../plan.ts';
import { printExpression, settle } from './print-expression.ts';
import { printInterval, printName } from './print-literal.ts';
import { type Printed, qualify } from './printed.ts';
import type { PumpPrinter } from './pump-printer.ts';
import { type Rows, shifted, TIME_COLUMN, uniqueNames } from './rows.ts';

const words = { inner: 'JOIN', left: 'LEFT JOIN', right: 'RIGHT JOIN', full: 'FULL JOIN' } as const;

interface Side {
  readonly rows: Rows;
  readonly columns: readonly Printed[];
  /** ROWTIME as a plain TIMESTAMP(3); NULL where an outer join has no row of this side. */
  readonly time: Printed;
  readonly attribute: string;
}

/** A join of two windows is an interval join (Flink documentation, "Joins"): rows by key, and by a bound on their times. */
export function printJoin(plan: WindowJoinPlan, inputs: readonly [Rows, Rows], printer: PumpPrinter): Rows {
  if (plan.leftRows !== undefined || plan.rightRows !== undefined)
    printer.refuse(
      'a join window by ROWS holds the newest rows of a stream, and Flink joins by keys or by time only',
    );
  const [left, right] = [sideOf(inputs[0], 'l', printer), sideOf(inputs[1], 'r', printer)];
  const context = {
    ...printer.over(left.rows),
    columns: [...left.columns, left.time, ...right.columns, right.time],
    rowtime: laterOf(left, right),
  };
  const condition = plan.condition === null ? undefined : settle(printExpression(plan.condition, context));
  if (condition?.failure !== undefined)
    printer.refuse(
      'the condition of the join may fail for a pair of rows, and a join cannot give a pair to the error stream',
    );
  printer.differ('joinOrder');
  const on = [
    ...plan.equal.map(([a, b]) => `${left.columns[a]!.sql} = ${right.columns[b]!.sql}`),
    bound(plan, left, right),
    ...(condition === undefined ? [] : [`(${condition.sql})`]),
  ];
  const names = [...left.rows.names, 'left_time', ...right.rows.names, 'right_time'];
  return printer.store({
    from: `${left.rows.from} AS l\n${words[plan.join]} ${right.rows.from} AS r\n  ON ${on.join('\n  AND ')}`,
    isTable: false,
    isPlain: false,
    columns: context.columns,
    names: uniqueNames(names),
    where: [],
    groupBy: [],
    time: { shiftMillis: 0, value: rowtimeOf(plan, left, right) },
  });
}

function sideOf(input: Rows, name: string, printer: PumpPrinter): Side {
  const rows = printer.table(input);
  printer.attribute(rows, 'a join of windows');
  const attribute = `${name}.${printName(TIME_COLUMN)}`;
  return {
    rows,
    attribute,
    columns: rows.columns.map((column) => qualify(column, name)),
    time: {
      sql: shifted(attribute, rows.time.shiftMillis),
      type: { name: 'TIMESTAMP' },
      flink: 'TIMESTAMP(3)',
      atom: true,
    },
  };
}

/** left.t BETWEEN right.t - a AND right.t + b, in the time attributes of the two. */
function bound(plan: WindowJoinPlan, left: Side, right: Side): string {
  const shift = right.rows.time.shiftMillis - left.rows.time.shiftMillis;
  const at = (millis: number) =>
    millis === 0
      ? right.attribute
      : `${right.attribute} ${millis < 0 ? '-' : '+'} ${printInterval(Math.abs(millis))}`;
  return `${left.attribute} BETWEEN ${at(shift - plan.leftPrecedingMillis)} AND ${at(shift + plan.rightPrecedingMillis)}`;
}

function laterOf(left: Side, right: Side): string {
  return `CASE WHEN ${left.time.sql} >= ${right.time.sql} THEN ${left.time.sql} ELSE ${right.time.sql} END`;
}

/** The later of the two; a row that met none has the end of its window. */
function rowtimeOf(plan: WindowJoinPlan, left: Side, right: Side): string {
  const alone = (side: Side, millis: number) => shifted(side.attribute, side.rows.time.shiftMillis + millis);
  const withoutRight = `WHEN ${right.attribute} IS NULL THEN ${alone(left, plan.leftPrecedingMillis)} `;
  const withoutLeft = `WHEN ${left.attribute} IS NULL THEN ${alone(right, plan.rightPrecedingMillis)} `;
  const cases = { inner: '', left: withoutRight, right: withoutLeft, full: withoutRight + withoutLeft };
  return laterOf(left, right).replace('CASE ', `CASE ${cases[plan.join]}`);
}
