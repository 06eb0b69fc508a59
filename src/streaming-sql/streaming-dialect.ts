import { defineDialect } from '../sql/index.ts';
import { StreamingSqlError } from './streaming-sql-error.ts';

/** Kinesis Data Analytics SQL reference, "Identifiers": unquoted names fold to upper case; SQL text up to 100 KB. */
export const streamingDialect = defineDialect({
  doubleQuotes: 'identifier',
  identifierCase: 'upper',
  unicodeLiterals: true,
  identifierExtras: '$',
  operators: [
    '<>',
    '!=',
    '<=',
    '>=',
    '||',
    '(',
    ')',
    ',',
    ';',
    '.',
    '*',
    '+',
    '-',
    '/',
    '=',
    '<',
    '>',
    '[',
    ']',
  ],
  maxLength: 102_400,
  maxDepth: 100,
  error: StreamingSqlError,
});
