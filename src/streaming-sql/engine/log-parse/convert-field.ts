import type { LogField } from '../../log-parse-plan.ts';
import { familyOf, printType } from '../../sql-type.ts';
import { compileCast } from '../cast.ts';
import { parseDate } from '../date-pattern.ts';
import { EvaluationError } from '../engine-error.ts';
import type { Value } from '../row.ts';

/**
 * How the text found for a column becomes its value. Blanks around a value that is no text do not count, and nothing
 * but blanks is NULL. @throws EvaluationError for text that is no value of the type, and for NULL in a NOT NULL column
 */
export function compileField({ name, type, format, notNull }: LogField): (text: string | null) => Value {
  const isText = familyOf(type) === 'character';
  const cast = compileCast({ name: 'VARCHAR' }, type);
  const fromMillis = compileCast({ name: 'TIMESTAMP' }, type);
  const convert = (text: string): Value => {
    if (isText) return cast(text);
    const trimmed = text.trim();
    if (trimmed === '') return null;
    return format === undefined
      ? cast(trimmed)
      : fromMillis(parseByPattern(format, trimmed, printType(type)));
  };
  return (text) => {
    const value = text === null ? null : convert(text);
    if (value === null && notNull === true)
      throw new EvaluationError('NOT_NULL', `Column "${name}" of the record is NOT NULL`);
    return value;
  };
}

function parseByPattern(format: string, text: string, type: string): number {
  const millis = parseDate(format, text);
  if (Number.isNaN(millis))
    throw new EvaluationError('INVALID_CAST', `Text '${text}' is no ${type} of the pattern '${format}'`);
  return millis;
}
