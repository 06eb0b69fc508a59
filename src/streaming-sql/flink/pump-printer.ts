import type { ApplicationPlan } from '../plan.ts';
import type { DifferenceName } from './differences.ts';
import { NotForFlinkError } from './flink-error.ts';
import type { FunctionName } from './flink-functions.ts';
import type { JobErrors, JobLookup, JobView } from './flink-job.ts';
import type { ExpressionContext } from './print-context.ts';
import { printName, printText } from './print-literal.ts';
import type { Printed } from './printed.ts';
import { attributeTime, printSelect, type Rows, TIME_COLUMN } from './rows.ts';

/** What all pumps of an application share while they are printed. */
export interface JobInMaking {
  readonly plan: ApplicationPlan;
  /** Names of views, streams and tables so far. */
  readonly names: Set<string>;
  /** Streams that can be read: the source's and those whose pumps are printed. */
  readonly streams: Map<string, Rows>;
  readonly lookups: { readonly table: string; readonly lookup: JobLookup }[];
}

/** Prints one pump: collects the views that its steps need, its failing rows, and what is to be said of it. */
export class PumpPrinter {
  readonly job: JobInMaking;
  readonly pump: string;
  readonly views: JobView[] = [];
  readonly errors: JobErrors[] = [];
  readonly functions = new Set<FunctionName>();
  readonly differences = new Set<DifferenceName>();

  constructor(job: JobInMaking, pump: string) {
    this.job = job;
    this.pump = pump;
  }

  refuse(reason: string): never {
    throw new NotForFlinkError(this.pump, reason);
  }

  differ(name: DifferenceName): void {
    this.differences.add(name);
  }

  use(name: FunctionName): void {
    this.functions.add(name);
  }

  /** What expressions over the rows are printed with. */
  over(rows: Rows): ExpressionContext {
    return {
      columns: rows.columns,
      rowtime: rows.time.value,
      call: (name, values) => {
        this.use(name);
        return `${name}(${values.join(', ')})`;
      },
      differ: (name) => this.differ(name),
      refuse: (reason) => this.refuse(reason),
    };
  }

  /** The rows as a view of their own, with its columns by name. */
  store(rows: Rows, extra: readonly string[] = []): Rows {
    const hasAttribute = rows.time.attribute !== undefined;
    const name = this.#viewName();
    this.createView(name, printSelect(rows, hasAttribute ? 'attribute' : 'value', extra));
    return {
      from: printName(name),
      isTable: true,
      names: rows.names,
      columns: rows.columns.map((column, index) => named(column, rows.names[index] ?? '')),
      isPlain: true,
      where: [],
      groupBy: [],
      time: hasAttribute
        ? attributeTime(rows.time.shiftMillis)
        : { shiftMillis: 0, value: printName(TIME_COLUMN) },
    };
  }

  createView(name: string, select: string): void {
    this.views.push({ name, sql: `CREATE TEMPORARY VIEW ${printName(name)} AS\n${select}` });
  }

  /** Rows whose columns are names, so that an expression may use them often. */
  plain(rows: Rows): Rows {
    return rows.isPlain && rows.groupBy.length === 0 ? rows : this.store(rows);
  }

  /** Rows that a window, a join or a function can name as its table. */
  table(rows: Rows): Rows {
    return rows.isTable && rows.isPlain && rows.where.length === 0 && rows.groupBy.length === 0
      ? rows
      : this.store(rows);
  }

  /** The time attribute of rows that a window is put over. @throws NotForFlinkError where they have none */
  attribute(rows: Rows, what: string): string {
    return (
      rows.time.attribute ??
      this.refuse(
        `${what} needs a time attribute, and the rows of a join, of streams of different windows or of VALUES have none`,
      )
    );
  }

  /** Parts the rows that fail from those that do not: the first go to the error stream. */
  check(rows: Rows, failure: string | undefined, what: string): Rows {
    if (failure === undefined) return rows;
    const stored = this.store(rows, [`${failure} AS ${printName('ERROR_NAME')}`]);
    const values = stored.columns.flatMap((column) => (column.isAbsent === true ? [] : [jsonValue(column)]));
    this.errors.push({
      pump: this.pump,
      message: what,
      query: [
        `SELECT ${printName('ERROR_NAME')},`,
        `  ${stored.time.value} AS ${printName('ERROR_TIME')},`,
        `  JSON_ARRAY(${values.join(', ')} NULL ON NULL) AS ${printName('DATA_ROW')}`,
        `FROM ${stored.from}`,
        `WHERE ${printName('ERROR_NAME')} IS NOT NULL`,
      ].join('\n'),
    });
    return { ...stored, where: [`${printName('ERROR_NAME')} IS NULL`] };
  }

  /** A view's name that is free: the pump's with a number. */
  #viewName(): string {
    return freeName(this.job.names, this.pump);
  }
}

/** `base_1`, `base_2` …: the first that is not taken, which it then is. */
export function freeName(names: Set<string>, base: string): string {
  for (let count = 1; ; count++) {
    const name = `${base}_${count}`;
    if (names.has(name)) continue;
    names.add(name);
    return name;
  }
}

/** The column of a view. */
export function named(column: Printed, name: string): Printed {
  if (column.isAbsent === true) return column;
  const { failure: _failure, unbounded: _unbounded, ...rest } = column;
  return { ...rest, sql: printName(name), atom: true };
}

/** A value as JSON_ARRAY takes it: times as text, DECIMAL as a number, bytes and arrays left out. */
function jsonValue({ sql, flink }: Printed): string {
  if (flink === 'TIMESTAMP(3)' || flink === 'DATE') return `CAST(${sql} AS STRING)`;
  if (flink.startsWith('DECIMAL')) return `CAST(${sql} AS DOUBLE)`;
  return /BINARY|ARRAY/.test(flink) ? printText('') : sql;
}
