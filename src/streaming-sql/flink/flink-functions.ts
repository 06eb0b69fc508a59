/** How the runner has a function: a value of a row, of a group, rows of a table, or code with state and timers. */
export type FunctionKind = 'scalar' | 'aggregate' | 'table' | 'process';

/** The functions of `analytics-sql/flink-runner` that printed statements call, and what they stand in for. */
export const flinkFunctions = {
  MESONET_UNIX_MILLIS: { kind: 'scalar', says: 'milliseconds of a timestamp, where Flink counts seconds' },
  MESONET_FROM_MILLIS: {
    kind: 'scalar',
    says: 'timestamp of milliseconds, NULL outside the years 0000 to 9999',
  },
  MESONET_FLOOR_MILLIS: { kind: 'scalar', says: 'milliseconds floored to a multiple' },
  MESONET_TEXT: { kind: 'scalar', says: 'number as text: 3 and 2.5 where Flink prints 3.0 and 2.50' },
  MESONET_TO_DOUBLE: { kind: 'scalar', says: 'text as number, NULL where it is none' },
  MESONET_PARSE_TIMESTAMP: { kind: 'scalar', says: 'text as timestamp, also by a pattern' },
  MESONET_PARSE_TIME: { kind: 'scalar', says: 'text as time of the day' },
  MESONET_TIME_TEXT: { kind: 'scalar', says: 'time of the day as text' },
  MESONET_FORMAT_TIMESTAMP: { kind: 'scalar', says: 'timestamp by a pattern of SimpleDateFormat letters' },
  MESONET_PARSE_INTERVAL: { kind: 'scalar', says: 'text as interval' },
  MESONET_INTERVAL_TEXT: { kind: 'scalar', says: 'interval as text' },
  MESONET_SUBSTRING: {
    kind: 'scalar',
    says: 'SUBSTRING of the standard, where negative positions of Flink count from the end',
  },
  MESONET_OVERLAY: { kind: 'scalar', says: 'OVERLAY, also behind the end of the text' },
  MESONET_REGEX_REPLACE: {
    kind: 'scalar',
    says: 'regular expressions in linear time, with start and occurrence',
  },
  MESONET_SIMILAR: { kind: 'scalar', says: 'SIMILAR TO with brackets and escapes' },
  MESONET_LIKE: { kind: 'scalar', says: 'LIKE with a backslash, or an escape other than one character' },
  MESONET_INITCAP: { kind: 'scalar', says: 'INITCAP of letters beyond ASCII' },
  MESONET_MOD: { kind: 'scalar', says: 'MOD of fractions, which Flink has for whole numbers' },
  MESONET_START_TIME: {
    kind: 'scalar',
    says: 'the moment the job started, where CURRENT_TIMESTAMP of Flink is of the row',
  },
  MESONET_LOG_PARSE: { kind: 'scalar', says: 'the log parsers, as an array of texts' },
  MESONET_FIRST_VALUE: { kind: 'aggregate', says: 'by ROWTIME, NULL being a value' },
  MESONET_LAST_VALUE: { kind: 'aggregate', says: 'by ROWTIME, NULL being a value' },
  MESONET_NTH_VALUE: { kind: 'aggregate', says: 'the n-th row of a window' },
  MESONET_EXP_AVG: { kind: 'aggregate', says: 'weights that halve with time' },
  MESONET_REFERENCE: {
    kind: 'table',
    says: 'rows of a reference table by key, where a join would retract rows',
  },
  MESONET_TUMBLE: { kind: 'process', says: 'windows with an origin, of months, and over windows' },
  MESONET_STAGGER: { kind: 'process', says: 'windows that each key opens' },
  MESONET_RANDOM_CUT_FOREST: { kind: 'process', says: 'the forest, parallelism 1' },
  MESONET_HOTSPOTS: { kind: 'process', says: 'the clustering, parallelism 1' },
  MESONET_GROUP_RANK: { kind: 'process', says: 'ranks among the rows of one ROWTIME' },
} as const satisfies Readonly<Record<string, { readonly kind: FunctionKind; readonly says: string }>>;

export type FunctionName = keyof typeof flinkFunctions;
