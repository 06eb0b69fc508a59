import { harder, type Support, type SupportClass } from './support.ts';

/** What becomes of a construct in Flink SQL; `note` is a difference or the way there, absent where there is none. */
interface Mapping {
  readonly support: SupportClass;
  readonly note?: string;
}

const native: Mapping = { support: 'native' };
const differs = (note: string): Mapping => ({ support: 'native', note });
const udf = (note: string): Mapping => ({ support: 'udf', note });
const stateful = (note: string): Mapping => ({ support: 'function', note });
const impossible = (note: string): Mapping => ({ support: 'impossible', note });

const fromSource = stateful(
  'the source must hand it over in code of its own: the Kinesis connector gives no metadata columns',
);
const logParser = udf('a scalar function that returns a row');

/**
 * Constructs of the dialect in Flink SQL 2.x (Managed Service for Apache Flink). A construct that is not listed is the
 * same there under the same name.
 */
const mappings: Readonly<Record<string, Mapping>> = {
  'CREATE STREAM': differs('a view, or a sink table where it is an output'),
  'several pumps into one stream': differs('UNION ALL of the pumps, not merged in ROWTIME order'),
  ROWTIME: differs('event time or processing time must be chosen; ROWTIME of a window is window_end'),
  APPROXIMATE_ARRIVAL_TIME: fromSource,
  SHARD_ID: fromSource,
  SEQUENCE_NUMBER: fromSource,
  PARTITION_KEY: fromSource,
  'AS ROWTIME': stateful('a view cannot give its rows another time attribute'),
  'tumbling window (STEP)': differs('TUMBLE, closed by the watermark instead of the clock'),
  'tumbling window (FLOOR TO)': differs('TUMBLE, closed by the watermark instead of the clock'),
  'tumbling window (epoch FLOOR)': differs('TUMBLE, closed by the watermark instead of the clock'),
  'two time terms': differs('the finer ROWTIME term decides, the other becomes a plain key below the window'),
  'sliding window (RANGE)': differs('rows of equal time share one result, and come after the watermark'),
  'sliding window (ROWS)': differs('rows come after the watermark'),
  'sliding window (UNBOUNDED)': differs('state grows without end'),
  'several named windows': differs('nested queries, one OVER window each'),
  'stagger window': stateful('windows opened by each key exist only in a process table function'),
  'window join': differs('an interval join, its rows come in no overall order'),
  'outer window join': differs('an outer interval join, unmatched rows come with the watermark'),
  'join window (ROWS)': stateful('joins by number of rows exist only in a process table function'),
  'CROSS JOIN': impossible('Flink has no join of two streams without a condition on time'),
  'reference join': udf('a table function that loads the S3 object; a regular join would retract'),
  DISTINCT: differs('GROUP BY the window and all columns'),
  'ORDER BY': differs('left out: the output stream has no order across shards'),
  'datetime difference': differs('TIMESTAMPDIFF'),
  division: differs('guarded: a zero divisor would stop the job'),
  CAST: differs('TRY_CAST with a side output: a failing CAST would stop the job'),
  SUM: differs('the argument is widened: Flink keeps INT and overflows'),
  FIRST_VALUE: differs('in order of arrival'),
  LAST_VALUE: differs('in order of arrival'),
  LAG: differs('the default also replaces a NULL value'),
  NTH_VALUE: udf('an aggregate function with retraction'),
  EXP_AVG: udf('an aggregate function with retraction'),
  ANY: differs('MAX(CASE …)'),
  EVERY: differs('MIN(CASE …)'),
  UNIX_TIMESTAMP: udf('milliseconds of a timestamp; the function of that name counts seconds'),
  TO_TIMESTAMP: differs('TO_TIMESTAMP_LTZ(ms, 3)'),
  TSDIFF: udf('milliseconds between two timestamps'),
  CURRENT_TIMESTAMP: differs('evaluated for each row instead of once'),
  REGEX_REPLACE: udf('start and occurrence; REGEXP_REPLACE knows neither'),
  'REGEX_REPLACE of all': differs('REGEXP_REPLACE'),
  CHAR_TO_DATE: udf('the pattern of a date'),
  CHAR_TO_TIME: udf('the pattern of a time'),
  TOP_K_ITEMS_TUMBLING: differs('ROW_NUMBER over a TUMBLE count, event time only, exact'),
  COUNT_DISTINCT_ITEMS_TUMBLING: differs('COUNT(DISTINCT) over TUMBLE, exact'),
  GROUP_RANK: stateful('ranks with ties exist only in a process table function'),
  RANDOM_CUT_FOREST: stateful('the forest in a process table function, parallelism 1'),
  RANDOM_CUT_FOREST_WITH_EXPLANATION: stateful('the forest in a process table function, parallelism 1'),
  HOTSPOTS: stateful('the clustering in a process table function, parallelism 1'),
  VARIABLE_COLUMN_LOG_PARSE: logParser,
  FIXED_COLUMN_LOG_PARSE: logParser,
  FAST_REGEX_LOG_PARSER: logParser,
  FAST_REGEX_LOG_PARSE: logParser,
  SYS_LOG_PARSE: logParser,
  W3C_LOG_PARSE: logParser,
  REGEX_LOG_PARSE: differs('REGEXP_EXTRACT for each column that is used'),
  'temporal predicate': impossible('Flink has no period predicates'),
  'CREATE FUNCTION': impossible('the function must be written again for Flink'),
};

/** How Managed Service for Apache Flink takes a statement of these constructs. */
export function flinkSupport(constructs: readonly string[]): Support {
  const found = constructs.map((name) => ({
    name,
    ...(Object.hasOwn(mappings, name) ? (mappings[name] ?? native) : native),
  }));
  const support = found.reduce<SupportClass>((worst, each) => harder(worst, each.support), 'native');
  const notes = found
    .filter((each) => each.support === support && each.note !== undefined)
    .map(({ name, note }) => `${name}: ${note}`);
  return { support, reason: notes.length === 0 ? 'the same statement' : notes.join('; ') };
}
