import type { CheckedQuery } from './check-from.ts';
import type { Checker } from './checker.ts';
import { double, varchar } from './sql-type.ts';
import type { SyntaxExpression } from './syntax.ts';
import {
  argumentsOf,
  numericColumns,
  type PlannedFunction,
  type TableFunctionItem,
  wholeNumber,
} from './table-function-arguments.ts';
import type { RandomCutForestPlan } from './table-function-plan.ts';

const MOST_COLUMNS = 30;
const MOST_INTEGER = 2_147_483_647;
/** Numbers that all points of a forest may hold together; beyond, its state would take gigabytes. */
const MOST_NUMBERS = 20_000_000;

/** RANDOM_CUT_FOREST ( cursor [ , numberOfTrees [ , subSampleSize [ , timeDecay [ , shingleSize ] ] ] ] ) */
export function planAnomalyScore(
  cursor: CheckedQuery,
  item: TableFunctionItem,
  checker: Checker,
): PlannedFunction {
  return planForest(cursor, item, argumentsOf(item, 0, 4, checker), 'none', checker);
}

/** RANDOM_CUT_FOREST_WITH_EXPLANATION: the same with [ , withDirectionality ], a Boolean that is FALSE by default. */
export function planAnomalyExplanation(
  cursor: CheckedQuery,
  item: TableFunctionItem,
  checker: Checker,
): PlannedFunction {
  const nodes = argumentsOf(item, 0, 5, checker);
  const directions = nodes[4];
  if (directions !== undefined && (directions.kind !== 'boolean' || directions.value === null))
    checker.fail(directions.start, 'withDirectionality must be TRUE or FALSE');
  const directed = directions?.kind === 'boolean' && directions.value === true;
  return planForest(cursor, item, nodes, directed ? 'directions' : 'attributions', checker);
}

/** SQL reference, "RANDOM_CUT_FOREST", parameters: defaults and ranges. */
function planForest(
  cursor: CheckedQuery,
  item: TableFunctionItem,
  [trees, sample, decay, shingle]: readonly SyntaxExpression[],
  explanation: RandomCutForestPlan['explanation'],
  checker: Checker,
): PlannedFunction {
  const plan: RandomCutForestPlan = {
    kind: 'randomCutForest',
    input: cursor.operator,
    columns: numericColumns(cursor, item, MOST_COLUMNS, checker),
    numberOfTrees: wholeNumber(trees, ['numberOfTrees', 1, 1000], 100, checker),
    subSampleSize: wholeNumber(sample, ['subSampleSize', 10, 1000], 256, checker),
    timeDecay: wholeNumber(decay, ['timeDecay', 1, MOST_INTEGER], 100_000, checker),
    shingleSize: wholeNumber(shingle, ['shingleSize', 1, 30], 1, checker),
    explanation,
  };
  checkSizes(plan, decay?.start ?? item.name.start, item, checker);
  const scored = [...cursor.columns, { name: 'ANOMALY_SCORE', type: double }];
  if (explanation === 'none') return { operator: plan, columns: scored };
  return { operator: plan, columns: [...scored, { name: 'ANOMALY_EXPLANATION', type: varchar(65_534) }] };
}

function checkSizes(
  { columns, numberOfTrees, subSampleSize, timeDecay, shingleSize }: RandomCutForestPlan,
  decayStart: number,
  item: TableFunctionItem,
  checker: Checker,
): void {
  if (subSampleSize >= timeDecay) {
    checker.fail(
      decayStart,
      `timeDecay must be greater than subSampleSize, found ${timeDecay} and ${subSampleSize}`,
    );
  }
  const numbers = numberOfTrees * subSampleSize * columns.length * shingleSize;
  if (numbers > MOST_NUMBERS) {
    checker.fail(
      item.name.start,
      `Forest of ${numbers} numbers (trees × sub-sample × columns × shingle) is too large, it may hold ${MOST_NUMBERS}, take fewer trees or a smaller sub-sample`,
    );
  }
}
