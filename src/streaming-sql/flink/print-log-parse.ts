import type { LogField, LogParsePlan } from '../log-parse-plan.ts';
import { familyOf } from '../sql-type.ts';
import { printCast } from './print-cast.ts';
import type { ExpressionContext } from './print-context.ts';
import { printExpression, settle } from './print-expression.ts';
import { printText } from './print-literal.ts';
import { failsWhen, firstFailure, type Printed, withFailure } from './printed.ts';
import type { PumpPrinter } from './pump-printer.ts';
import { type Rows, uniqueNames } from './rows.ts';

/** Log parsers: a text is parsed once to an array of texts, whose elements are converted where they are columns. */
export function printLogParse(plan: LogParsePlan, input: Rows, printer: PumpPrinter): Rows {
  const plain = printer.plain(input);
  const texts = plan.calls.map(({ text }) => settle(printExpression(text, printer.over(plain))));
  const rows = printer.check(plain, firstFailure(texts.map(({ failure }) => failure)), 'log parser');
  const context = printer.over(rows);
  const arrays = plan.calls.map(({ text, parser }): Printed => {
    const { sql } = printExpression(text, context);
    const parsed = context.call('MESONET_LOG_PARSE', [
      sql,
      printText(JSON.stringify(parser)),
      context.rowtime,
    ]);
    return { sql: parsed, type: { name: 'VARCHAR' }, flink: 'ARRAY<STRING>', atom: true };
  });
  const stored = printer.store({
    ...rows,
    columns: [...rows.columns, ...arrays],
    names: uniqueNames([...rows.names, ...arrays.map((_, index) => `log_${index + 1}`)]),
    isPlain: false,
  });
  return fieldsOf(plan, stored, rows.columns.length, printer);
}

function fieldsOf(plan: LogParsePlan, stored: Rows, width: number, printer: PumpPrinter): Rows {
  const print = (rows: Rows): Printed[] =>
    plan.calls.flatMap(({ fields }, index) =>
      fields.map((field, at) =>
        printField(field, `${rows.columns[width + index]!.sql}`, at, printer.over(rows)),
      ),
    );
  const failure = firstFailure(print(stored).map((field) => field.failure));
  const checked = printer.check(stored, failure, 'log parser');
  const fields = print(checked).map(({ failure: _, ...field }) => field);
  const names = plan.calls.flatMap((call) => call.fields.map(({ name }) => name));
  return printer.plain({
    ...checked,
    columns: [...checked.columns.slice(0, width), ...fields],
    names: uniqueNames([...checked.names.slice(0, width), ...names]),
    isPlain: false,
    isTable: false,
  });
}

/** Blanks around a value that is no text do not count, and nothing but blanks is NULL. */
function printField(field: LogField, array: string, at: number, context: ExpressionContext): Printed {
  const element = `${array}[${at + 1}]`;
  const isText = familyOf(field.type) === 'character';
  const found: Printed = {
    sql: isText ? element : `NULLIF(TRIM(${element}), '')`,
    type: { name: 'VARCHAR' },
    flink: 'STRING',
    atom: true,
  };
  const value =
    field.format === undefined ? printCast(found, field.type, context) : byPattern(found, field, context);
  if (field.notNull !== true) return value;
  const missing = failsWhen(`${array} IS NOT NULL AND ${value.sql} IS NULL`, 'NOT_NULL');
  return { ...value, ...withFailure(value.failure, missing) };
}

function byPattern(found: Printed, { format = '', type }: LogField, context: ExpressionContext): Printed {
  const sql = context.call('MESONET_PARSE_TIMESTAMP', [found.sql, printText(format)]);
  const fails = failsWhen(`${found.sql} IS NOT NULL AND ${sql} IS NULL`, 'INVALID_CAST');
  const time: Printed = {
    sql,
    type: { name: 'TIMESTAMP' },
    flink: 'TIMESTAMP(3)',
    atom: true,
    ...withFailure(fails),
  };
  return type.name === 'TIMESTAMP' ? time : printCast(time, type, context);
}
