import type { ApplicationPlan, Expression, Operator, PumpPlan, TumblingWindow } from './plan.ts';
import type { Support } from './support.ts';

/** AWS Lambda developer guide, "Tumbling windows": up to 15 minutes, in whole seconds. */
const MAX_WINDOW_SECONDS = 900;

/** What is known of the source besides its schema. */
export interface LambdaSource {
  readonly input: Pick<ApplicationPlan['input'], 'streamNames' | 'columns'>;
  /** Column whose value is the partition key of the source stream, where it is known. */
  readonly partitionKey?: string;
}

/**
 * How the engine inside a Lambda function takes a pump. Lambda keeps state for one tumbling window of one shard and
 * forgets it when the window ends, so only what needs no more than that can run there.
 */
export function lambdaSupport(pump: PumpPlan, source: LambdaSource): Support {
  const aggregate = findStateful(pump.query);
  if (aggregate === undefined) return { support: 'native', reason: 'row by row, without state' };
  if (aggregate.kind !== 'tumblingAggregate') {
    return impossible(
      `${STATE_NAMES[aggregate.kind] ?? 'its state'} spans windows, Lambda's state ends with each one`,
    );
  }
  const problem = windowProblem(aggregate.window) ?? inputProblem(aggregate.input, source);
  return problem === undefined ? keySupport(aggregate, source) : impossible(problem);
}

const STATE_NAMES: Readonly<Record<string, string>> = {
  slidingAggregate: 'a sliding window',
  staggerAggregate: 'a stagger window opens with each key and',
  windowJoin: 'a join of windows',
  sort: 'ORDER BY',
  union: 'UNION ALL in ROWTIME order',
  randomCutForest: 'a random cut forest',
  hotspots: 'the window of HOTSPOTS',
  groupRank: 'GROUP_RANK',
};

function impossible(reason: string): Support {
  return { support: 'impossible', reason };
}

/** The topmost operator that keeps state. A reference table is loaded with the function and never changes. */
function findStateful(operator: Operator): Operator | undefined {
  switch (operator.kind) {
    case 'scan':
    case 'values':
      return undefined;
    case 'filter':
    case 'project':
    case 'referenceJoin':
    case 'logParse':
      return findStateful(operator.input);
    default:
      return operator;
  }
}

function windowProblem(window: TumblingWindow): string | undefined {
  if (window.kind === 'calendar') return `windows of a ${window.unit} are longer than Lambda's 15 minutes`;
  const seconds = window.widthMillis / 1000;
  if (Number.isInteger(seconds) && seconds <= MAX_WINDOW_SECONDS && window.originMillis === 0)
    return undefined;
  return `Lambda's windows are 1 to ${MAX_WINDOW_SECONDS} whole seconds counted from the epoch, this one has ${seconds} s from ${window.originMillis} ms`;
}

function inputProblem(input: Operator, { input: { streamNames } }: LambdaSource): string | undefined {
  const stateful = findStateful(input);
  if (stateful !== undefined) return `${STATE_NAMES[stateful.kind] ?? 'state'} below a window spans windows`;
  if (setsTime(input))
    return 'its rows carry a ROWTIME of their own, Lambda goes by the arrival of the records';
  const stream = streamOf(input);
  return stream === undefined || streamNames.includes(stream)
    ? undefined
    : `it reads "${stream}", whose rows come only when Lambda's window has ended`;
}

function setsTime(operator: Operator): boolean {
  if (operator.kind === 'project' && operator.rowtime !== undefined) return true;
  return 'input' in operator && setsTime(operator.input);
}

function streamOf(operator: Operator): string | undefined {
  if (operator.kind === 'scan') return operator.stream;
  return 'input' in operator ? streamOf(operator.input) : undefined;
}

/** Rows of one group must come from one shard: one of the keys must be what the stream is partitioned by. */
function keySupport(aggregate: Operator & { kind: 'tumblingAggregate' }, source: LambdaSource): Support {
  const names = [...source.input.columns.map(({ name }) => name), ...PSEUDO_COLUMNS];
  const keys = aggregate.keys.flatMap((key) => names[sourceColumn(aggregate.input, key)] ?? []);
  const { partitionKey } = source;
  if (keys.includes('PARTITION_KEY') || (partitionKey !== undefined && keys.includes(partitionKey)))
    return { support: 'native', reason: "one tumbling window, grouped by the stream's partition key" };
  const list = keys.map((key) => `"${key}"`).join(', ');
  if (partitionKey !== undefined || keys.length === 0) {
    const grouped = keys.length === 0 ? 'by no column of the stream' : `by ${list}`;
    const wanted =
      partitionKey === undefined ? "the stream's partition key" : `its partition key "${partitionKey}"`;
    return impossible(`grouped ${grouped}, not by ${wanted}: a group would be split among shards`);
  }
  return {
    support: 'native',
    reason: `one tumbling window; the stream must be partitioned by one of ${list}`,
  };
}

const PSEUDO_COLUMNS = ['APPROXIMATE_ARRIVAL_TIME', 'SHARD_ID', 'SEQUENCE_NUMBER', 'PARTITION_KEY'];

/** Position in the source's row that a position of an operator's row repeats, or -1. */
function sourceColumn(operator: Operator, index: number): number {
  if (operator.kind === 'scan') return index;
  if (operator.kind === 'filter' || operator.kind === 'logParse') return sourceColumn(operator.input, index);
  if (operator.kind === 'referenceJoin')
    return index < operator.inputWidth ? sourceColumn(operator.input, index) : -1;
  if (operator.kind !== 'project') return -1;
  const item: Expression | undefined = operator.items[index];
  return item?.kind === 'column' ? sourceColumn(operator.input, item.index) : -1;
}
