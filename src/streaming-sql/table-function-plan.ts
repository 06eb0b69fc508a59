import type { Operator } from './plan.ts';

/** A numeric column of a cursor: where it lies in the row, and its name. */
export interface NumericColumn {
  readonly index: number;
  readonly name: string;
}

/**
 * RANDOM_CUT_FOREST and RANDOM_CUT_FOREST_WITH_EXPLANATION. Output row: the input row, the anomaly score, and unless
 * `explanation` is `none` its JSON text, with directions where asked for.
 */
export interface RandomCutForestPlan {
  readonly kind: 'randomCutForest';
  readonly input: Operator;
  readonly columns: readonly NumericColumn[];
  readonly numberOfTrees: number;
  readonly subSampleSize: number;
  /** In records, or in shingles where a shingle holds several. */
  readonly timeDecay: number;
  readonly shingleSize: number;
  readonly explanation: 'none' | 'attributions' | 'directions';
}

/** HOTSPOTS. Output row: the input row, the hotspots as JSON text. */
export interface HotspotsPlan {
  readonly kind: 'hotspots';
  readonly input: Operator;
  readonly columns: readonly NumericColumn[];
  /** Records, the current one included. */
  readonly windowSize: number;
  readonly scanRadius: number;
  readonly minimumPoints: number;
}

/** GROUP_RANK. Output row: the input row, the rank among the rows of the same ROWTIME. */
export interface GroupRankPlan {
  readonly kind: 'groupRank';
  readonly input: Operator;
  /** Position of the column to rank by. */
  readonly column: number;
  readonly descending: boolean;
  readonly outputOrder: 'ascending' | 'descending' | 'received';
  /** Only the first so many rows of a group come out. */
  readonly limit?: number;
}
