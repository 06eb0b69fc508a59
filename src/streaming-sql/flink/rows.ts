import { printInterval, printName } from './print-literal.ts';
import type { Printed } from './printed.ts';

/**
 * The time of rows. Flink knows it as a time attribute, the column that windows are made of; where it is a window's, it
 * is a millisecond before the window's end, and ROWTIME lies `shiftMillis` behind it.
 */
export interface RowTime {
  /** SQL of the time attribute; absent where the rows have lost it. */
  readonly attribute?: string;
  readonly shiftMillis: number;
  /** SQL of ROWTIME as a plain TIMESTAMP(3). */
  readonly value: string;
}

/** Rows in the making: SELECT columns FROM from WHERE where GROUP BY groupBy. */
export interface Rows {
  readonly from: string;
  /** Is `from` a table or view by its name, so that a window can be put over it? */
  readonly isTable: boolean;
  readonly columns: readonly Printed[];
  /** Names of the columns, all different. */
  readonly names: readonly string[];
  /** Are all columns no more than names? Others are computed once, in a view. */
  readonly isPlain: boolean;
  readonly where: readonly string[];
  readonly groupBy: readonly string[];
  readonly time: RowTime;
}

/** Name of the time column of every view. */
export const TIME_COLUMN = 'ROWTIME';

/** Names that columns of views must not have: those of windows, of process table functions, and of our own columns. */
const takenNames: ReadonlySet<string> = new Set([
  TIME_COLUMN,
  'ERROR_NAME',
  'PLACE',
  'window_start',
  'window_end',
  'window_time',
  'rowtime',
  'WINDOW_OPEN',
  'KEYS',
  'ANOMALY_SCORE',
  'ANOMALY_EXPLANATION',
  'HOTSPOTS_RESULT',
  'GROUP_RANK',
]);

export function isTakenName(name: string): boolean {
  return takenNames.has(name);
}

/** The names made different from each other and from the taken ones, by a number behind them. */
export function uniqueNames(names: readonly string[]): string[] {
  const used = new Set<string>();
  return names.map((name) => {
    let unique = name;
    for (let count = 1; used.has(unique) || takenNames.has(unique); count++) unique = `${name}_${count}`;
    used.add(unique);
    return unique;
  });
}

/** The time of the rows of a view whose column ROWTIME is a time attribute. */
export function attributeTime(shiftMillis: number, qualifier = ''): RowTime {
  const attribute = `${qualifier}${printName(TIME_COLUMN)}`;
  return { attribute, shiftMillis, value: shifted(attribute, shiftMillis) };
}

/** A time moved on by milliseconds, as a plain TIMESTAMP(3). */
export function shifted(time: string, millis: number): string {
  const sum = millis === 0 ? time : `${time} ${millis < 0 ? '-' : '+'} ${printInterval(Math.abs(millis))}`;
  return `CAST(${sum} AS TIMESTAMP(3))`;
}

/** What a SELECT gives besides the columns: the time attribute, ROWTIME as a value, or nothing. */
export type WithTime = 'attribute' | 'value' | 'none';

/** The rows as a SELECT; `extra` are further items. */
export function printSelect(rows: Rows, withTime: WithTime, extra: readonly string[] = []): string {
  const { columns, names, from, where, groupBy, time } = rows;
  const timeItem = {
    attribute: alias(time.attribute ?? time.value, TIME_COLUMN),
    value: alias(time.value, TIME_COLUMN),
    none: '',
  }[withTime];
  const items = [
    ...columns.flatMap(({ sql, isAbsent }, index) =>
      isAbsent === true ? [] : [alias(sql, names[index] ?? '')],
    ),
    ...extra,
    ...(timeItem === '' ? [] : [timeItem]),
  ];
  return [
    `SELECT ${items.join(',\n  ')}`,
    `FROM ${from}`,
    ...(where.length === 0 ? [] : [`WHERE ${where.map(conjunct).join(' AND ')}`]),
    ...(groupBy.length === 0 ? [] : [`GROUP BY ${groupBy.join(', ')}`]),
  ].join('\n');
}

function conjunct(condition: string, _index: number, all: readonly string[]): string {
  return all.length > 1 ? `(${condition})` : condition;
}

export function alias(sql: string, name: string): string {
  const printed = printName(name);
  return sql === printed ? sql : `${sql} AS ${printed}`;
}
