import { defineDialect } from '../sql/index.ts';
import { IotSqlError } from './iot-sql-error.ts';

/** The dialect's versions that can be compiled (AWS IoT developer guide, iot-rule-sql-version). */
export const IOT_SQL_VERSIONS = ['2015-10-08', '2016-03-23'] as const;

/** A version of the dialect, as `AwsIotSqlVersion` in CloudFormation spells it. */
export type IotSqlVersion = (typeof IOT_SQL_VERSIONS)[number];

/** AWS stores rule texts up to 256 KB (service model of CreateTopicRule). */
const MAX_STATEMENT_LENGTH = 262_144;

/** Deepest nesting of an expression; generous for people, small for the stack. */
const MAX_EXPRESSION_DEPTH = 100;

/**
 * How a rule is lexed: both kinds of quote make strings, there are no comments, `@x` is a SET variable.
 * Some operators are listed only so that the parser can say what to write instead.
 */
export const IOT_SQL_DIALECT = defineDialect({
  doubleQuotes: 'string',
  lineComments: false,
  blockComments: false,
  variables: true,
  leadingDotNumbers: false,
  operators: [
    ...[
      '<>',
      '<=',
      '>=',
      '!=',
      '(',
      ')',
      '[',
      ']',
      '{',
      '}',
      ',',
      ':',
      '.',
      '*',
      '+',
      '-',
      '/',
      '%',
      '=',
      '<',
      '>',
    ],
    ...['--', '/*', '||', '==', ';', '#', '$', '&', '|'],
  ],
  maxLength: MAX_STATEMENT_LENGTH,
  maxDepth: MAX_EXPRESSION_DEPTH,
  error: IotSqlError,
});
