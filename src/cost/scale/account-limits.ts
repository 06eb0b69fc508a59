import { sumOf } from '../batches.ts';
import { durationMillis } from '../capacity.ts';
import { isOnDemand } from '../deployment.ts';
import type { Load } from '../load.ts';
import type { SizedDeployment } from './size-deployment.ts';

/** What an account may use before somebody asks AWS for more, and how much of it a load needs. */
export interface AccountLimit {
  readonly name: string;
  readonly limit: number;
  /** Raised on request; a limit that is not has to be designed around. */
  readonly isAdjustable: boolean;
  readonly source: string;
  readonly needed: (sized: SizedDeployment, load: Load, writeUnits: ReadonlyMap<string, number>) => number;
}

const publishes = ({ classes }: Load): number => sumOf(classes, (each) => each.publishesPerSecond);
const shardsOf = ({ deployment }: SizedDeployment): number =>
  sumOf(deployment.stack.streams, ({ shardCount }) => shardCount);

/** Default limits of us-east-1. "Recalled" ones have to be checked in Service Quotas before they are relied on. */
export const ACCOUNT_LIMITS: readonly AccountLimit[] = [
  {
    name: 'IoT connections',
    limit: 500_000,
    isAdjustable: true,
    source: 'AWS IoT Core endpoints and quotas',
    needed: (_, { devices }) => devices,
  },
  {
    name: 'IoT publishes/s',
    limit: 20_000,
    isAdjustable: true,
    source: 'AWS IoT Core endpoints and quotas',
    needed: (_, load) => publishes(load),
  },
  {
    name: 'IoT rule evaluations/s',
    limit: 20_000,
    isAdjustable: true,
    source: 'AWS IoT Core endpoints and quotas',
    needed: (_, load) => publishes(load),
  },
  {
    name: 'IoT publishes/s of one connection',
    limit: 100,
    isAdjustable: false,
    source: 'AWS IoT Core endpoints and quotas',
    needed: (_, load) => publishes(load) / load.devices,
  },
  {
    name: 'Kinesis shards',
    limit: 500,
    isAdjustable: true,
    source: 'Kinesis developer guide, "Quotas and limits" (recalled)',
    needed: shardsOf,
  },
  {
    name: 'Lambda executions at once',
    limit: 1000,
    isAdjustable: true,
    source: 'AWS Lambda developer guide, "Lambda quotas"',
    needed: ({ traffic }) =>
      sumOf(traffic.functions, (each) => (each.invocationsPerSecond * durationMillis(each)) / 1000),
  },
  {
    name: 'DynamoDB write units/s of one table',
    limit: 40_000,
    isAdjustable: true,
    source: 'DynamoDB developer guide, "Quotas" (recalled)',
    needed: ({ deployment }, _, writeUnits) =>
      Math.max(
        0,
        ...[...writeUnits]
          .filter(([name]) =>
            deployment.stack.tables.every((table) => table.name !== name || isOnDemand(table)),
          )
          .map(([, units]) => units),
      ),
  },
  {
    name: 'Flink units of one application',
    limit: 64,
    isAdjustable: true,
    source: 'Managed Service for Apache Flink developer guide, "Application quota"',
    needed: ({ kpus }) => kpus,
  },
];

/** A limit that a load goes beyond. */
export interface ExceededLimit {
  readonly limit: AccountLimit;
  readonly needed: number;
}

export function exceededLimits(
  sized: SizedDeployment,
  load: Load,
  writeUnits: ReadonlyMap<string, number>,
): ExceededLimit[] {
  return ACCOUNT_LIMITS.map((limit) => ({ limit, needed: limit.needed(sized, load, writeUnits) })).filter(
    ({ limit, needed }) => needed > limit.limit,
  );
}
