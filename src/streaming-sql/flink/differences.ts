/** Where the same statement gives something else in Flink: the sentence that the report and docs/flink.md print. */
export const differences = {
  closing:
    'without records windows close by the clock, up to 2 s behind it; with a time column only after idleMillis, and not before the first record of a shard after a restart',
  order: 'rows of one window, and of several pumps into one stream, come in no given order',
  peers: 'rows of one ROWTIME share the result of a RANGE window, where the engine sees them one by one',
  epoch: 'a row of ROWTIME 1970-01-01 00:00:00.000 counts as late to OVER',
  delay: 'rows come when the watermark has passed them, not at once',
  floating: 'sums of DOUBLE are added in another order and without compensation: the last digits may differ',
  variance:
    'variances are made of sums of squares: digits are lost where the values lie far from 0 and near each other',
  wholeSum: 'a sum of whole numbers beyond 2^53 comes out, where the engine reports an error',
  count: 'a COUNT beyond 2^31 - 1 that goes into an INT is no error',
  joinOrder: 'rows of a join come in no given order, and hold no time attribute: no window can follow',
  forest: 'the scores are those of the randomcutforest library, not of the engine',
  sorting: 'ORDER BY is left out: an output stream has no order across shards',
  collation: 'text beyond the Basic Multilingual Plane sorts and counts by code points',
} as const satisfies Readonly<Record<string, string>>;

export type DifferenceName = keyof typeof differences;
