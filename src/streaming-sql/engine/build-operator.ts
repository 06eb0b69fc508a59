import type { Operator, PumpPlan } from '../plan.ts';
import type { SqlType } from '../sql-type.ts';
import type { EngineContext, PreviewableOperator, StatefulOperator } from './engine-context.ts';
import { EngineError } from './engine-error.ts';
import { Filter, Project } from './project.ts';
import type { RowSink } from './row.ts';
import { TumblingAggregate } from './tumbling-aggregate.ts';

/** What building needs: who reads which stream, and the lists that operators with state enter themselves in. */
export interface PipelineParts {
  readonly context: EngineContext;
  readonly pump: PumpPlan;
  readonly stateful: StatefulOperator[];
  readonly previewable: PreviewableOperator[];
  connect(stream: string, reader: RowSink): void;
}

/** Builds an operator and everything below it; its rows go to `next`. */
export function buildOperator(plan: Operator, next: RowSink, parts: PipelineParts): void {
  const { context, pump } = parts;
  switch (plan.kind) {
    case 'scan':
      parts.connect(plan.stream, next);
      return;
    case 'filter':
      buildOperator(plan.input, new Filter(plan, next, context, pump.name), parts);
      return;
    case 'project': {
      const project = new Project(plan, next, context, pump.name);
      if (plan.rowtime !== undefined) parts.stateful.push(project);
      buildOperator(plan.input, project, parts);
      return;
    }
    case 'tumblingAggregate': {
      const aggregate = new TumblingAggregate(plan, next, context, pump.name);
      parts.stateful.push(aggregate);
      parts.previewable.push(aggregate);
      buildOperator(plan.input, aggregate, parts);
      return;
    }
    default:
      throw new EngineError(`Cannot run pump '${pump.name}': this engine has no operator "${plan.kind}"`);
  }
}

/** Types of the columns a query gives, by position. */
export function outputTypes(plan: Operator): readonly SqlType[] {
  switch (plan.kind) {
    case 'project':
      return plan.items.map(({ type }) => type);
    case 'union':
      return plan.inputs[0] === undefined ? [] : outputTypes(plan.inputs[0]);
    case 'filter':
    case 'sort':
      return outputTypes(plan.input);
    default:
      throw new EngineError(`Cannot tell the column types of a "${plan.kind}" without a projection above it`);
  }
}
