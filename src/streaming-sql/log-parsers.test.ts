import { describe, expect, it } from 'vitest';
import { compileApplication, type InputSchema } from './index.ts';

const input: InputSchema = {
  NamePrefix: 'S',
  InputSchema: {
    RecordFormat: { RecordFormatType: 'JSON' },
    RecordColumns: [
      { Name: 'log', SqlType: 'VARCHAR(200)', Mapping: '$.log' },
      { Name: 'n', SqlType: 'INTEGER', Mapping: '$.n' },
    ],
  },
};

const compile = (query: string) =>
  compileApplication(
    `CREATE STREAM "OUT" ("a" VARCHAR(1024)); CREATE PUMP "P" AS INSERT INTO "OUT" ${query}`,
    { input },
  );

const inside = (call: string, column = 'COLUMN1') =>
  `SELECT STREAM t.r.${column} FROM (SELECT STREAM ${call} AS r FROM S_001) AS t`;

describe('records of log parsers', () => {
  it.each([
    inside('VARIABLE_COLUMN_LOG_PARSE("log", 2, \',\')'),
    'SELECT STREAM r.COLUMN2 FROM (SELECT STREAM SYS_LOG_PARSE("log") AS q FROM S_001) AS t(r) WHERE r.COLUMN2 LIKE \'a%\'',
    'SELECT STREAM t.r.COLUMN2 FROM (SELECT STREAM * FROM (SELECT STREAM "n", SYS_LOG_PARSE("log") AS r FROM S_001) AS u) AS t',
    'SELECT STREAM a.r.COLUMN2 FROM (SELECT STREAM "n", SYS_LOG_PARSE("log") AS r FROM S_001) AS a JOIN S_001 OVER (RANGE INTERVAL \'1\' SECOND PRECEDING) AS b ON a."n" = b."n"',
  ])('are read by the names of their columns: %s', (query) => {
    expect(compile(query).pumps.length).toBe(1);
  });

  it.each([
    ['SELECT STREAM SYS_LOG_PARSE("log") AS r FROM S_001', '"R" is a record, stream "OUT" takes columns'],
    ['SELECT STREAM t.r FROM (SELECT STREAM SYS_LOG_PARSE("log") AS r FROM S_001) AS t', 'R.COLUMN1'],
    ['SELECT STREAM UPPER(SYS_LOG_PARSE("log")) FROM S_001', 'gives a record'],
    [
      'SELECT STREAM SYS_LOG_PARSE("log") FROM S_001 GROUP BY STEP(ROWTIME BY INTERVAL \'1\' SECOND)',
      'gives a record',
    ],
    [
      'SELECT STREAM r.COLUMN2 FROM (SELECT STREAM SYS_LOG_PARSE("log") AS r FROM S_001 UNION ALL SELECT STREAM SYS_LOG_PARSE("log") AS r FROM S_001)',
      'UNION ALL takes columns',
    ],
    [inside('SYS_LOG_PARSE("n")'), 'parses text, found INTEGER'],
    [inside('SYS_LOG_PARSE("log", 1)'), 'takes 1 argument(s), found 2'],
    [inside('SYS_LOG_PARSE("log") OVER (ROWS 2 PRECEDING)'), 'takes neither OVER nor DISTINCT'],
    [inside('REGEX_LOG_PARSE("log", "log")'), 'The pattern must be a string literal'],
    [inside('REGEX_LOG_PARSE("log", \'a\')'), 'has no group'],
    [inside("REGEX_LOG_PARSE(\"log\", '(a)', 'a INT, b INT')"), '2 column(s) for the 1 group(s)'],
    [inside("VARIABLE_COLUMN_LOG_PARSE(\"log\", 'a INT, a INT', ',')"), 'Column "A" is listed twice, at 1:8'],
    [inside("VARIABLE_COLUMN_LOG_PARSE(\"log\", 'a VARCHAR(4) ''yyyy''', ',')"), 'A pattern only fits DATE'],
    [inside("VARIABLE_COLUMN_LOG_PARSE(\"log\", 'a DATE ''yyyy-ww''', ',')"), 'letter "w" is not supported'],
    [inside('VARIABLE_COLUMN_LOG_PARSE("log", 0, \',\')'), 'from 1 to 1000, found 0'],
    [inside('VARIABLE_COLUMN_LOG_PARSE("log", 2, \'\')'), 'The delimiter must not be empty'],
    [inside("VARIABLE_COLUMN_LOG_PARSE(\"log\", 2, ',', '', '<->')"), 'one or two characters'],
    [inside('FIXED_COLUMN_LOG_PARSE("log", \'a INT\')'), 'Column "A" has no place'],
    [inside('W3C_LOG_PARSE("log", \'IIS\')'), 'gives no specifiers for IIS'],
    [inside('FAST_REGEX_LOG_PARSE("log", \'a*\')'), 'it has no group'],
    [inside('SYS_LOG_PARSE("log")', 'COLUMN9'), 'has no column "COLUMN9"'],
  ])('are refused elsewhere, and so are calls that do not fit: %s', (query, reason) => {
    expect(() => compile(query)).toThrow(reason);
  });
});
