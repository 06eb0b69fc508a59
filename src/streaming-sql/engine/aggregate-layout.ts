import type { AggregateCall } from '../plan.ts';
import { familyOf } from '../sql-type.ts';
import type { AggregateCells } from './aggregate-cells.ts';
import { columnNames, distinct } from './column-sink.ts';
import { generate } from './generate.ts';
import type { Row, Value } from './row.ts';

/** Where the state of one argument's aggregates lies among a group's cells; -1 where none needs it. */
export interface ArgumentCells {
  /** Sum and its lost low-order part. */
  readonly sum: number;
  readonly minimum: number;
  readonly maximum: number;
  /** Count, mean and sum of squared deviations. */
  readonly moments: number;
}

/** How a query's aggregates are kept: made once for each operator. */
export interface AggregateLayout {
  /** Columns that are aggregated, ascending. */
  readonly columns: readonly number[];
  /** Doubles for each group; the first counts its rows. */
  readonly stride: number;
  readonly arguments: ReadonlyMap<number, ArgumentCells>;
  /** Calls that keep a value as it is, with the cell where those by time keep it. */
  readonly held: readonly { readonly call: AggregateCall; readonly timeAt: number }[];
  /** Sets the cells of a group to "no row yet". */
  readonly begin: (cells: Float64Array, base: number) => void;
  /** Adds a row, given as the values of `columns`. */
  readonly add: (state: AggregateCells, group: number, rowtime: number, ...values: Value[]) => void;
  readonly addRow: (state: AggregateCells, group: number, rowtime: number, row: Row) => void;
}

/** Groups in a chunk of cells: growing never copies and wastes at most one chunk. */
export const CHUNK_BITS = 9;
export const CHUNK_MASK = (1 << CHUNK_BITS) - 1;

const numberAggregates: ReadonlySet<string> = new Set([
  'SUM',
  'AVG',
  'MIN',
  'MAX',
  'COUNT',
  'STDDEV_POP',
  'STDDEV_SAMP',
  'VAR_POP',
  'VAR_SAMP',
]);

/** Is the call's state a few numbers? Else it keeps a value. COUNT(*) counts as one. */
export function isNumberCall(call: AggregateCall): boolean {
  if (!numberAggregates.has(call.function)) return false;
  if (call.function === 'COUNT') return true;
  const family = familyOf(call.argumentType ?? { name: 'NULL' });
  return family === 'numeric' || family === 'datetime' || family === 'interval';
}

/** Lays the aggregates out in cells: all aggregates of one argument share their state. */
export function layOut(calls: readonly AggregateCall[]): AggregateLayout {
  let stride = 1;
  const reserve = (needed: boolean, width: number): number => {
    if (!needed) return -1;
    stride += width;
    return stride - width;
  };
  const numbers = calls.filter((call) => call.column !== undefined && isNumberCall(call));
  const cells = new Map<number, ArgumentCells>();
  for (const column of distinct(numbers.map((call) => call.column!))) {
    const names = new Set(numbers.filter((call) => call.column === column).map((call) => call.function));
    cells.set(column, {
      sum: reserve(names.has('SUM') || names.has('AVG'), 2),
      minimum: reserve(names.has('MIN'), 1),
      maximum: reserve(names.has('MAX'), 1),
      moments: reserve(
        [...names].some((name) => name.startsWith('STDDEV') || name.startsWith('VAR')),
        3,
      ),
    });
  }
  const held = calls
    .filter((call) => !isNumberCall(call))
    .map((call) => ({
      call,
      timeAt: reserve(call.function === 'FIRST_VALUE' || call.function === 'LAST_VALUE', 1),
    }));
  const columns = distinct(calls.flatMap(({ column }) => column ?? []));
  const layout = { columns, stride, arguments: cells, held };
  return { ...layout, ...generateCode(layout) };
}

type Places = Pick<AggregateLayout, 'columns' | 'stride' | 'arguments' | 'held'>;

function generateCode(places: Places): Pick<AggregateLayout, 'begin' | 'add' | 'addRow'> {
  const { columns, stride } = places;
  const names = columnNames(columns);
  const add = generate<AggregateLayout['add']>(
    {},
    `(state, group, rowtime${names.map((name) => `, ${name}`).join('')}) => {
      const cells = state.chunks[group >>> ${CHUNK_BITS}];
      const base = (group & ${CHUNK_MASK}) * ${stride};
      cells[base]++;
      ${[...places.arguments].map(([column, at]) => numberCode(column, at, columns)).join('\n')}
      ${places.held.map(({ call }, i) => `state.held[${i}].add(cells, base, group, c${call.column}, rowtime);`).join('\n')}
    }`,
  );
  const addRow = generate<AggregateLayout['addRow']>(
    { add },
    `(state, group, rowtime, row) => add(state, group, rowtime${columns.map((column) => `, row[${column}]`).join('')})`,
  );
  return { begin: generate({}, beginCode(places)), add, addRow };
}

function beginCode(places: Places): string {
  const set = [`cells.fill(0, base, base + ${places.stride});`];
  for (const { minimum, maximum } of places.arguments.values()) {
    if (minimum >= 0) set.push(`cells[base + ${minimum}] = Infinity;`);
    if (maximum >= 0) set.push(`cells[base + ${maximum}] = -Infinity;`);
  }
  for (const { timeAt } of places.held) if (timeAt >= 0) set.push(`cells[base + ${timeAt}] = NaN;`);
  return `(cells, base) => { ${set.join('\n')} }`;
}

/** Sums keep what rounding loses (Knuth, volume 2, section 4.2.2, theorem B); moments are Welford's (1962). */
function numberCode(column: number, at: ArgumentCells, columns: readonly number[]): string {
  const value = `c${column}`;
  const cell = (offset: number): string => `cells[base + ${offset}]`;
  const steps: string[] = [];
  if (at.sum >= 0)
    steps.push(`const sum = ${cell(at.sum)}, total = sum + ${value}, part = total - sum;
      ${cell(at.sum + 1)} += sum - (total - part) + (${value} - part);
      ${cell(at.sum)} = total;`);
  if (at.minimum >= 0) steps.push(`if (${value} < ${cell(at.minimum)}) ${cell(at.minimum)} = ${value};`);
  if (at.maximum >= 0) steps.push(`if (${value} > ${cell(at.maximum)}) ${cell(at.maximum)} = ${value};`);
  if (at.moments >= 0)
    steps.push(`const count = ++${cell(at.moments)}, delta = ${value} - ${cell(at.moments + 1)};
      ${cell(at.moments + 1)} += delta / count;
      ${cell(at.moments + 2)} += delta * (${value} - ${cell(at.moments + 1)});`);
  return `if (${value} === null) state.countNull(${columns.indexOf(column)}, group); else { ${steps.join('\n')} }`;
}
