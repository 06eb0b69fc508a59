import type { InputColumnPlan } from '../plan.ts';
import { columnNames, isColumnSink } from './column-sink.ts';
import { EvaluationError } from './engine-error.ts';
import type { RecordMeta } from './engine-options.ts';
import { fitsCode } from './fits-type.ts';
import { generate } from './generate.ts';
import { compileCoercion } from './input-coercion.ts';
import { compileLookup } from './json-path.ts';
import type { RowSink, Value } from './row.ts';

/** Where the rows of the source go. */
export interface RowTarget {
  /** ROWTIME of a row whose time column (if there is one) has the value; NaN when the row is refused. */
  readonly admit: (eventMillis: Value, record: unknown, meta: RecordMeta) => number;
  readonly fail: (error: EvaluationError, record: unknown, meta: RecordMeta) => void;
  /** Position of the time column, or -1. */
  readonly timeColumn: number;
  readonly sinks: readonly RowSink[];
}

/** Takes one row of a record. */
export type ReadItem = (item: unknown, record: unknown, meta: RecordMeta) => void;

/** The pseudo-columns, behind the columns of the input, in the order of `pseudo-columns.ts`. */
const pseudoValues = [
  'meta.arrivalMillis',
  "(meta.shardId ?? '')",
  '(meta.sequenceNumber ?? null)',
  '(meta.partitionKey ?? null)',
];

/**
 * Generates the function that takes the rows of the source: straight-line code with one property access per column,
 * which the runtime optimises for the records' shape. Sinks that need a few columns get them as arguments; a row is made
 * only for the others, and for what those refuse.
 */
export function compileRowReader(columns: readonly InputColumnPlan[], target: RowTarget): ReadItem {
  const { admit, timeColumn, sinks } = target;
  const values = [...columns.keys()].map((at) => `c${at}`).concat(pseudoValues);
  const fail = (error: unknown, record: unknown, meta: RecordMeta): void => {
    if (!(error instanceof EvaluationError)) throw error;
    target.fail(error, record, meta);
  };
  const hand = sinks.map((sink, i) => {
    const whole = `accept(${i}, row ??= [${values.join(', ')}], rowtime);`;
    if (!isColumnSink(sink)) return whole;
    const few = sink.columns.map((column) => values[column]);
    return `if (!take${i}(${['rowtime', ...few].join(', ')})) ${whole}`;
  });
  const accept = (at: number, row: readonly Value[], rowtime: number): void =>
    sinks[at]!.accept(row, rowtime);
  const takes = sinks.map((sink, i) => [`take${i}`, isColumnSink(sink) ? sink.take : null]);
  return generate<ReadItem>(
    { ...readScope(columns), ...Object.fromEntries(takes), admit, fail, accept },
    `(item, record, meta) => {
      ${declareCode(columns)}
      try { ${readCode(columns)} } catch (error) { fail(error, record, meta); return; }
      const rowtime = admit(${timeColumn < 0 ? 'null' : `c${timeColumn}`}, record, meta);
      if (rowtime !== rowtime) return;
      let row = null;
      ${hand.join('\n')}
    }`,
  );
}

/** Generates the function that makes one row of a reference table. @throws EvaluationError where it does not fit */
export function compileReferenceReader(columns: readonly InputColumnPlan[]): (item: unknown) => Value[] {
  return generate(
    readScope(columns),
    `(item) => { ${declareCode(columns)} ${readCode(columns)} return [${columnNames([...columns.keys()]).join(', ')}]; }`,
  );
}

function readScope(columns: readonly InputColumnPlan[]): Readonly<Record<string, unknown>> {
  const lookups = columns.map(({ path }) => compileLookup(path));
  const coercions = columns.map(({ name, type }) => compileCoercion(name, type));
  return { lookups, coercions, refuse };
}

function declareCode(columns: readonly InputColumnPlan[]): string {
  return columns.length === 0 ? '' : `let ${columnNames([...columns.keys()]).join(', ')};`;
}

function readCode(columns: readonly InputColumnPlan[]): string {
  const reads = columns.map(({ path, type }, i) => {
    const found = isPlain(path) ? `item[${JSON.stringify(path[0])}]` : `lookups[${i}](item)`;
    return `c${i} = ${found}; if (!(${fitsCode(type, `c${i}`)})) c${i} = coercions[${i}](c${i});`;
  });
  return `if (typeof item !== 'object' || item === null) refuse(); ${reads.join('\n')}`;
}

function refuse(): never {
  throw new EvaluationError('RECORD_FORMAT', 'Record is no JSON object');
}

/** One member that no record inherits. */
function isPlain(path: InputColumnPlan['path']): boolean {
  return path.length === 1 && typeof path[0] === 'string' && !(path[0] in Object.prototype);
}
