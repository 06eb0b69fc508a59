import type { FunctionResource } from '../stack/stack.ts';
import { assumed } from './assumptions.ts';
import { type Batches, batchesOf, type RecordFlow } from './batches.ts';
import { fallsBehind, overfilled } from './capacity.ts';
import { type Deployment, handlerOf, isArm, isTraced } from './deployment.ts';
import { isKnownHandler, workOf } from './handlers/handlers.ts';
import type { Put, Work } from './handlers/work.ts';
import type { Load } from './load.ts';
import { type RuleTraffic, routePublishes } from './rule-traffic.ts';
import { parseRate } from './schedule.ts';
import { addApplicationRows } from './window-traffic.ts';

/** What a load makes happen in a deployed stack, per second. */
export interface Traffic extends RuleTraffic {
  readonly streams: ReadonlyMap<string, readonly RecordFlow[]>;
  readonly deliveries: ReadonlyMap<string, readonly RecordFlow[]>;
  readonly functions: readonly FunctionTraffic[];
  /** What is priced otherwise than it is deployed, or would not work, in sentences. */
  readonly warnings: readonly string[];
}

export interface FunctionTraffic {
  readonly name: string;
  readonly memoryMegabytes: number;
  readonly isArm: boolean;
  readonly isTraced: boolean;
  readonly invocationsPerSecond: number;
  /** Batches that may be worked on at once; undefined where nothing bounds them. */
  readonly lanes: number | undefined;
  readonly work: Work;
}

/** Follows the load through rules, functions, streams and windows to everything that is charged. */
export function trafficOf(deployment: Deployment, load: Load): Traffic {
  const { stack } = deployment;
  const rules = routePublishes(stack, load);
  const warnings = [...rules.warnings];
  const run = functionRunner(deployment, warnings);
  const invoked = rules.invocations.map(({ functionName, batches }) =>
    run(findFunction(deployment, functionName), batches),
  );
  const puts = [...rules.puts, ...invoked.flatMap(({ work }) => work.puts ?? [])];
  const streams = collect(puts, 'stream');
  warnings.push(...addApplicationRows(deployment, streams));
  const mapped = stack.eventSourceMappings.flatMap((mapping) => {
    const stream = stack.streams.find(({ arn }) => arn === mapping.streamArn);
    const batches = stream && batchesOf(mapping, stream.shardCount, streams.get(stream.name) ?? []);
    if (!batches?.invocationsPerSecond) return [];
    const lanes = stream!.shardCount * mapping.parallelizationFactor;
    return [run(findFunction(deployment, mapping.functionName), batches, lanes)];
  });
  const functions = [...invoked, ...mapped, ...otherInvocations(deployment, run)];
  warnings.push(...stack.streams.flatMap((stream) => overfilled(deployment, stream, streams)));
  warnings.push(...functions.flatMap(fallsBehind));
  return { ...rules, streams, deliveries: collect(puts, 'delivery stream'), functions, warnings };
}

type RunFunction = (resource: FunctionResource, batches: Batches, lanes?: number) => FunctionTraffic;

function functionRunner(deployment: Deployment, warnings: string[]): RunFunction {
  return (resource, batches, lanes) => {
    const handler = handlerOf(resource);
    if (!isKnownHandler(handler))
      warnings.push(
        `'${handler}' is a function that the model does not know: ${assumed('unknownFunctionMillis')} ms by invocation, and nothing that it writes`,
      );
    return {
      name: resource.name,
      memoryMegabytes: resource.memoryMegabytes,
      isArm: isArm(deployment, resource),
      isTraced: isTraced(deployment, resource),
      invocationsPerSecond: batches.invocationsPerSecond,
      lanes,
      work: workOf(handler, { stack: deployment.stack, resource, batches }),
    };
  };
}

function findFunction({ stack }: Deployment, name: string): FunctionResource {
  return stack.functions.find((resource) => resource.name === name)!;
}

function collect(puts: readonly Put[], to: Put['to']): Map<string, RecordFlow[]> {
  const flows = new Map<string, RecordFlow[]>();
  for (const put of puts.filter((each) => each.to === to))
    flows.set(put.name, [...(flows.get(put.name) ?? []), put.flow]);
  return flows;
}

/** Schedules, and people who ask the API. */
function otherInvocations(deployment: Deployment, run: RunFunction): FunctionTraffic[] {
  const { schedules, routes } = deployment.stack;
  const at = (invocationsPerSecond: number): Batches => ({
    invocationsPerSecond,
    recordsPerSecond: 0,
    groups: [],
  });
  const asked = [...new Set(routes.map(({ functionName }) => functionName))];
  return [
    ...schedules.map(({ functionName, expression }) =>
      run(findFunction(deployment, functionName), at(parseRate(expression))),
    ),
    ...asked.map((name) =>
      run(findFunction(deployment, name), at(assumed('apiRequestsPerSecond') / asked.length)),
    ),
  ];
}
