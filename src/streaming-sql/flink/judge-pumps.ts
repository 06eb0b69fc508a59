import type { ApplicationPlan } from '../plan.ts';
import type { Support, SupportClass } from '../support.ts';
import { differences } from './differences.ts';
import { type FunctionKind, flinkFunctions } from './flink-functions.ts';
import { type PumpOutcome, printPlan } from './print-job.ts';

/** What code beside the SQL a function asks for. */
const classes: Readonly<Record<FunctionKind, SupportClass>> = {
  scalar: 'udf',
  aggregate: 'udf',
  table: 'udf',
  process: 'function',
};

/** How Flink takes every running pump of an application: what the printer made of it, functions and differences named. */
export function judgePumps(plan: ApplicationPlan): ReadonlyMap<string, Support> {
  return new Map(printPlan(plan).pumps.map((outcome) => [outcome.pump, judge(outcome, plan)]));
}

function judge(outcome: PumpOutcome, plan: ApplicationPlan): Support {
  if ('refusal' in outcome) return { support: 'impossible', reason: outcome.refusal };
  const kinds = outcome.functions.map((name) => classes[flinkFunctions[name].kind]);
  const support = kinds.includes('function') ? 'function' : kinds.includes('udf') ? 'udf' : 'native';
  const notes = [
    ...outcome.functions.map((name) => `${name}: ${flinkFunctions[name].says}`),
    ...outcome.differences.map((name) => differences[name]),
    ...pseudoNotes(plan),
  ];
  return { support, reason: notes.length === 0 ? 'the same statement' : notes.join('; ') };
}

/** The Kinesis connector of Flink 2 hands over no metadata; the runner's own source does. */
function pseudoNotes({ input }: ApplicationPlan): string[] {
  const { pseudoColumns = [] } = input;
  return pseudoColumns.length === 0 ? [] : [`${pseudoColumns.join(', ')} come from the runner's own source`];
}
