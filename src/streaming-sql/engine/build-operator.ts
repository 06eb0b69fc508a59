import type { Operator, PumpPlan, ValuesPlan, WindowJoinPlan } from '../plan.ts';
import type { SqlType } from '../sql-type.ts';
import { ConstantRows, evaluateRows } from './constant-rows.ts';
import type { EngineContext, PreviewableOperator, StatefulOperator } from './engine-context.ts';
import { EngineError } from './engine-error.ts';
import { GroupRank } from './group-rank.ts';
import { Hotspots } from './hotspots/hotspots.ts';
import { LogParse } from './log-parse/log-parse.ts';
import { Filter, Project } from './project.ts';
import { AnomalyScore } from './random-cut-forest/anomaly-score.ts';
import { ReferenceJoin } from './reference-join.ts';
import { ReorderBuffer } from './reorder-buffer.ts';
import type { Row, RowSink } from './row.ts';
import { RowWindowJoin } from './row-window-join.ts';
import { SlidingAggregate } from './sliding-aggregate.ts';
import { Sort } from './sort.ts';
import { StaggerAggregate } from './stagger-aggregate.ts';
import { TumblingAggregate } from './tumbling-aggregate.ts';
import { Union } from './union.ts';
import { WindowJoin } from './window-join.ts';

/** What building needs: who reads which stream, and the lists that operators with state enter themselves in. */
export interface PipelineParts {
  readonly context: EngineContext;
  readonly pump: PumpPlan;
  readonly stateful: StatefulOperator[];
  readonly previewable: PreviewableOperator[];
  connect(stream: string, reader: RowSink): void;
  /** Lets an operator without an input follow the time of the source. */
  clock(reader: RowSink): void;
  /** Position of SHARD_ID for a stream whose rows may come out of order, -1 where it has none, null where in order. */
  disorder(stream: string): number | null;
  reference(name: string): readonly Row[];
}

/** Builds an operator and everything below it; its rows go to `next`. */
export function buildOperator(plan: Operator, next: RowSink, parts: PipelineParts): void {
  if (plan.kind === 'scan') parts.connect(plan.stream, inOrder(plan.stream, next, parts));
  else if (plan.kind === 'windowJoin') buildJoin(plan, next, parts);
  else if (plan.kind === 'values')
    parts.clock(hold(new ConstantRows(plan, next, parts.context, parts.pump.name), parts));
  else if (plan.kind === 'union') {
    const union = new Union(hold(new ReorderBuffer(next, parts.context, parts.pump.name), parts));
    for (const input of plan.inputs) buildOperator(input, union.createInput(), parts);
  } else buildOperator(plan.input, createOperator(plan, next, parts), parts);
}

type UnaryPlan = Exclude<Operator, { kind: 'scan' | 'windowJoin' | 'union' | 'values' }>;

function createOperator(plan: UnaryPlan, next: RowSink, parts: PipelineParts): RowSink {
  const { context, pump } = parts;
  switch (plan.kind) {
    case 'filter':
      return new Filter(plan, next, context, pump.name);
    case 'project': {
      const project = new Project(plan, next, context, pump.name);
      return plan.rowtime === undefined ? project : hold(project, parts);
    }
    case 'tumblingAggregate':
      return show(new TumblingAggregate(plan, next, context, pump.name), parts);
    case 'staggerAggregate':
      return show(new StaggerAggregate(plan, next, context, pump.name), parts);
    case 'slidingAggregate':
      return hold(new SlidingAggregate(plan, next, context, pump.name), parts);
    case 'sort':
      return hold(new Sort(plan, next, context, pump.name), parts);
    case 'randomCutForest':
      return hold(new AnomalyScore(plan, next, context), parts);
    case 'hotspots':
      return hold(new Hotspots(plan, next, context), parts);
    case 'groupRank':
      return hold(new GroupRank(plan, next, context), parts);
    case 'logParse':
      return new LogParse(plan, next, context, pump.name);
    case 'referenceJoin':
      return new ReferenceJoin(plan, lookUp(plan.reference, parts), next, context, pump.name);
  }
}

function lookUp(reference: string | ValuesPlan, parts: PipelineParts): readonly Row[] {
  return typeof reference === 'string' ? parts.reference(reference) : evaluateRows(reference, parts.context);
}

function buildJoin(plan: WindowJoinPlan, next: RowSink, parts: PipelineParts): void {
  const { context, pump } = parts;
  const Join = plan.leftRows === undefined && plan.rightRows === undefined ? WindowJoin : RowWindowJoin;
  const join = new Join(plan, hold(new ReorderBuffer(next, context, pump.name), parts), context, pump.name);
  parts.stateful.push(join);
  buildOperator(plan.left, join.createInput('left'), parts);
  buildOperator(plan.right, join.createInput('right'), parts);
}

function hold<Kind extends StatefulOperator>(operator: Kind, parts: PipelineParts): Kind {
  parts.stateful.push(operator);
  return operator;
}

function show<Kind extends StatefulOperator & PreviewableOperator>(
  operator: Kind,
  parts: PipelineParts,
): Kind {
  parts.previewable.push(operator);
  return hold(operator, parts);
}

/** Operators that look at rows one after the other get them in ROWTIME order. */
function inOrder(stream: string, next: RowSink, parts: PipelineParts): RowSink {
  const tieColumn = needsOrder(parts.pump.query) ? parts.disorder(stream) : null;
  return tieColumn === null
    ? next
    : hold(new ReorderBuffer(next, parts.context, parts.pump.name, tieColumn), parts);
}

function needsOrder(plan: Operator): boolean {
  switch (plan.kind) {
    case 'scan':
    case 'values':
      return false;
    case 'slidingAggregate':
    case 'staggerAggregate':
    case 'windowJoin':
    case 'sort':
    case 'randomCutForest':
    case 'hotspots':
    case 'groupRank':
      return true;
    case 'project':
      return plan.rowtime !== undefined || needsOrder(plan.input);
    case 'union':
      return plan.inputs.some(needsOrder);
    default:
      return needsOrder(plan.input);
  }
}

/** The stream whose rows a query gives on one by one, in whatever order they come; null for any other query. */
export function streamHandedOn(plan: Operator): string | null {
  switch (plan.kind) {
    case 'scan':
      return plan.stream;
    case 'filter':
    case 'project':
    case 'referenceJoin':
    case 'logParse':
      return streamHandedOn(plan.input);
    default:
      return null;
  }
}

/** Types of the columns a query gives, by position. */
export function outputTypes(plan: Operator): readonly SqlType[] {
  switch (plan.kind) {
    case 'project':
      return plan.items.map(({ type }) => type);
    case 'values':
      return plan.rows[0]?.map(({ type }) => type) ?? [];
    case 'union':
      return plan.inputs[0] === undefined ? [] : outputTypes(plan.inputs[0]);
    case 'filter':
    case 'sort':
      return outputTypes(plan.input);
    default:
      throw new EngineError(`Cannot tell the column types of a "${plan.kind}" without a projection above it`);
  }
}
