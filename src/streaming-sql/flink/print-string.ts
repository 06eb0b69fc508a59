import { translateSimilar } from '../literal-pattern.ts';
import { familyOf } from '../sql-type.ts';
import type { FunctionName } from './flink-functions.ts';
import { asBigint } from './print-arithmetic.ts';
import type { ExpressionContext } from './print-context.ts';
import type { CallExpression, PrintFunction } from './print-expression.ts';
import { printText } from './print-literal.ts';
import { failsWhen, operand, type Printed, withFailure } from './printed.ts';

const text = (sql: string, values: readonly Printed[], type: Printed['type'], atom = true): Printed => ({
  sql,
  type,
  flink: 'STRING',
  atom,
  ...withFailure(...values.map(({ failure }) => failure)),
});

const count = (sql: string, values: readonly Printed[], type: Printed['type']): Printed => ({
  ...text(sql, values, type),
  flink: 'INT',
  magnitude: 2_147_483_647,
});

const same =
  (name: string): PrintFunction =>
  (values, { type }) =>
    text(`${name}(${values.map(({ sql }) => sql).join(', ')})`, values, type);

const ofRunner =
  (name: FunctionName): PrintFunction =>
  (values, { type }, context) =>
    text(context.call(name, values.map(argument)), values, type);

/** Numbers go to the runner's functions as BIGINT. */
function argument(value: Printed): string {
  return familyOf(value.type) === 'numeric' ? asBigint(value).replace(/^\((.*)\)$/, '$1') : value.sql;
}

function literal(call: CallExpression, index: number): string | null {
  const value = call.arguments[index];
  return value?.kind === 'literal' && value.value !== null ? String(value.value) : null;
}

const length: PrintFunction = (values, { type }) => count(`CHAR_LENGTH(${values[0]!.sql})`, values, type);

/** SQL reference, "String and Search Functions". */
export const stringFunctions: Readonly<Record<string, PrintFunction>> = {
  '||': (values, { type }) => text(values.map(operand).join(' || '), values, type, false),
  CHAR_LENGTH: length,
  CHARACTER_LENGTH: length,
  LOWER: same('LOWER'),
  UPPER: same('UPPER'),
  INITCAP: ofRunner('MESONET_INITCAP'),
  SUBSTRING: printSubstring,
  POSITION: (values, { type }) => count(`POSITION(${values[0]!.sql} IN ${values[1]!.sql})`, values, type),
  OVERLAY: ofRunner('MESONET_OVERLAY'),
  TRIM: (values, call) => {
    const [, characters, value] = values as [Printed, Printed, Printed];
    const mode = literal(call, 0) ?? 'BOTH';
    return text(`TRIM(${mode} ${operand(characters)} FROM ${operand(value)})`, values, call.type);
  },
  REGEX_REPLACE: ofRunner('MESONET_REGEX_REPLACE'),
  LIKE: printLike,
  SIMILAR: (values, call, context) => {
    const pattern = translateSimilar(literal(call, 1) ?? '', literal(call, 2));
    return truth(context.call('MESONET_SIMILAR', [values[0]!.sql, printText(pattern)]), values, true);
  },
};

const truth = (sql: string, values: readonly Printed[], atom: boolean): Printed => ({
  ...text(sql, values, { name: 'BOOLEAN' }, atom),
  flink: 'BOOLEAN',
});

/** Flink counts negative positions from the end: only literals from 1 mean the same. */
function printSubstring(
  values: readonly Printed[],
  call: CallExpression,
  context: ExpressionContext,
): Printed {
  const [value, from, size] = values as [Printed, Printed, Printed | undefined];
  const isBinary = familyOf(value.type) === 'binary';
  const plain =
    !isBinary &&
    Number(literal(call, 1)) >= 1 &&
    (size === undefined || Number(literal(call, 2)) >= 0) &&
    [from, size].every((each) => each === undefined || /^\d+$/.test(each.sql)) &&
    (size === undefined || literal(call, 2) !== null);
  if (plain) {
    const rest = size === undefined ? '' : ` FOR ${size.sql}`;
    return text(`SUBSTRING(${value.sql} FROM ${from.sql}${rest})`, values, call.type);
  }
  const printed = text(context.call('MESONET_SUBSTRING', values.map(argument)), values, call.type);
  const negative =
    size !== undefined && literal(call, 2) === null
      ? failsWhen(
          `${value.sql} IS NOT NULL AND ${operand(from)} IS NOT NULL AND ${operand(size)} < 0`,
          'INVALID_ARGUMENT',
        )
      : undefined;
  return {
    ...printed,
    ...(isBinary && { flink: 'VARBINARY(65534)' }),
    ...withFailure(printed.failure, negative),
  };
}

/** A backslash means something to Flink without ESCAPE too. */
function printLike(values: readonly Printed[], call: CallExpression, context: ExpressionContext): Printed {
  const [value, pattern, escaped] = values as [Printed, Printed, Printed | undefined];
  const odd =
    (literal(call, 1) ?? '').includes('\\') || (escaped !== undefined && literal(call, 2)?.length !== 1);
  if (odd)
    return truth(
      context.call(
        'MESONET_LIKE',
        values.map(({ sql }) => sql),
      ),
      values,
      true,
    );
  const tail = escaped === undefined ? '' : ` ESCAPE ${escaped.sql}`;
  return truth(`${operand(value)} LIKE ${pattern.sql}${tail}`, values, false);
}
