import type { Expression, ReferenceJoinPlan, ReferencePlan, ValuesPlan } from '../plan.ts';
import { flinkType } from './flink-type.ts';
import { asDouble } from './print-arithmetic.ts';
import { isNull, printExpression, settle } from './print-expression.ts';
import { printName } from './print-literal.ts';
import { printFilter } from './print-project.ts';
import { magnitudeOf, type Printed, qualify } from './printed.ts';
import type { PumpPrinter } from './pump-printer.ts';
import { type Rows, uniqueNames } from './rows.ts';

/** A look-up of every row: in a reference table by a table function, in VALUES by an array that the row fills. */
export function printReferenceJoin(plan: ReferenceJoinPlan, input: Rows, printer: PumpPrinter): Rows {
  const rows = printer.table(input);
  if (typeof plan.reference !== 'string') return lookUpValues(plan, plan.reference, rows, printer);
  const table = printer.job.plan.references.find(({ name }) => name === plan.reference);
  if (table === undefined) return printer.refuse(`reference table "${plan.reference}" is not in the plan`);
  if (plan.join === 'left' && plan.condition !== null)
    printer.refuse(
      'LEFT JOIN with a reference table takes equalities only, put other conditions into a CASE of the select list',
    );
  const joined = lookUpTable(plan, table, rows, printer);
  if (plan.condition === null) return joined;
  return printFilter(
    { kind: 'filter', input: plan.input, predicate: plan.condition },
    printer.store(joined),
    printer,
  );
}

function lookUpTable(plan: ReferenceJoinPlan, table: ReferencePlan, rows: Rows, printer: PumpPrinter): Rows {
  printer.use('MESONET_REFERENCE');
  const keys = plan.equal.map(([own, other]) => keyOf(rows.columns[own]!, table.columns[other]!));
  const name = lookUpName(
    table.name,
    keys.map(({ column, type }) => ({ column, type })),
    printer,
  );
  const columns = table.columns.map(({ name: column, type }) => columnOf(`r.${printName(column)}`, type));
  const names = table.columns.map(({ name: column }) => printName(column)).join(', ');
  const call = `LATERAL TABLE(${name}(${keys.map(({ sql }) => sql).join(', ')})) AS r(${names})`;
  return {
    ...rows,
    from: `${rows.from} AS l\n${plan.join === 'left' ? 'LEFT JOIN' : 'JOIN'} ${call} ON TRUE`,
    isTable: false,
    isPlain: true,
    columns: [...rows.columns.map(qualified), ...columns],
    names: uniqueNames([...rows.names, ...table.columns.map(({ name: column }) => column)]),
    time: qualifiedTime(rows),
  };
}

const qualified = (column: Printed): Printed => qualify(column, 'l');

function qualifiedTime({ time }: Rows): Rows['time'] {
  const { attribute } = time;
  return attribute === undefined
    ? { ...time, value: `l.${time.value}` }
    : { ...time, attribute: `l.${attribute}`, value: time.value.replace(attribute, `l.${attribute}`) };
}

function columnOf(sql: string, type: Printed['type']): Printed {
  const magnitude = magnitudeOf(type);
  return { sql, type, flink: flinkType(type), atom: true, ...(magnitude !== undefined && { magnitude }) };
}

/** Numbers of different types meet as DOUBLE. */
function keyOf(
  own: Printed,
  other: ReferencePlan['columns'][number],
): { sql: string; column: string; type: string } {
  const type = flinkType(other.type);
  const sql = `l.${own.sql}`;
  const isText = ['VARCHAR', 'CHAR'].includes(other.type.name);
  if (own.flink === type || isText) return { sql, column: other.name, type: isText ? 'STRING' : type };
  return { sql: asDouble({ ...own, sql }), column: other.name, type: 'DOUBLE' };
}

/** One function for each table and set of keys. */
function lookUpName(
  table: string,
  keys: readonly { readonly column: string; readonly type: string }[],
  { job }: PumpPrinter,
): string {
  const known = job.lookups.find(
    (each) => each.table === table && JSON.stringify(each.lookup.keys) === JSON.stringify(keys),
  );
  if (known !== undefined) return known.lookup.function;
  const name = `MESONET_REFERENCE_${job.lookups.length + 1}`;
  job.lookups.push({ table, lookup: { function: name, keys } });
  return name;
}

/**
 * Rows that the text gives: an array with a row for each, told by its condition, which the row fills in. That keeps the
 * time attribute; a join with VALUES would lose it.
 */
function lookUpValues(plan: ReferenceJoinPlan, values: ValuesPlan, rows: Rows, printer: PumpPrinter): Rows {
  const own = rows.columns.map(qualified);
  const context = { ...printer.over(rows), columns: own, rowtime: qualifiedTime(rows).value };
  const [first = []] = values.rows;
  const types = first.map(({ type }) => type);
  const given = values.rows.map((row) => row.map((item) => constant(item, context, printer)));
  const hits = given.map((row) => printHit(plan, [...own, ...row], context, printer));
  const cast = (value: Printed, index: number) =>
    `CAST(${isNull(value) ? 'NULL' : value.sql} AS ${flinkType(types[index]!)})`;
  const columnNames = types.map((_, index) => `v${index}`);
  const rowType = `ROW<\`hit\` BOOLEAN, ${types.map((type, index) => `\`v${index}\` ${flinkType(type)}`).join(', ')}>`;
  // All elements are cast alike: the casts that Flink adds by itself cannot be stored in a view.
  const element = (items: readonly string[]) => `CAST(ROW(${items.join(', ')}) AS ${rowType})`;
  const elements = given.map((row, index) => element([hits[index] ?? 'FALSE', ...row.map(cast)]));
  const missing = element([
    `NOT (${hits.join(' OR ')})`,
    ...types.map((type) => `CAST(NULL AS ${flinkType(type)})`),
  ]);
  const all = plan.join === 'left' ? [...elements, missing] : elements;
  return {
    ...rows,
    from: `${rows.from} AS l\nCROSS JOIN UNNEST(ARRAY[\n  ${all.join(',\n  ')}]) AS r(\`hit\`, ${columnNames.map(printName).join(', ')})`,
    isTable: false,
    isPlain: true,
    columns: [...own, ...types.map((type, index) => columnOf(`r.${printName(`v${index}`)}`, type))],
    names: uniqueNames([...rows.names, ...columnNames]),
    where: ['r.`hit`'],
    time: qualifiedTime(rows),
  };
}

function constant(
  item: Expression,
  context: Parameters<typeof printExpression>[1],
  printer: PumpPrinter,
): Printed {
  const value = settle(printExpression(item, context));
  return value.failure === undefined ? value : printer.refuse('a value of VALUES may fail');
}

/** Does the row meet this row of VALUES? Never unknown. */
function printHit(
  plan: ReferenceJoinPlan,
  columns: readonly Printed[],
  context: Parameters<typeof printExpression>[1],
  printer: PumpPrinter,
): string {
  const equal = plan.equal.map(
    ([own, other]) => `${columns[own]!.sql} = ${columns[plan.inputWidth + other]!.sql}`,
  );
  const condition =
    plan.condition === null ? undefined : settle(printExpression(plan.condition, { ...context, columns }));
  if (condition?.failure !== undefined) printer.refuse('the condition of a join with VALUES may fail');
  const all = [
    ...equal,
    ...(condition === undefined ? [] : [condition.atom ? condition.sql : `(${condition.sql})`]),
  ];
  return all.length === 0 ? 'TRUE' : `(${all.join(' AND ')}) IS TRUE`;
}
