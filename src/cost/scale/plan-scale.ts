import { assumed } from '../assumptions.ts';
import { type RecordFlow, sumOf } from '../batches.ts';
import { type Deployment, handlerOf, resourcesOf } from '../deployment.ts';
import { type Load, type SteadyLoad, steadyLoad } from '../load.ts';
import { type PricingOptions, priceStack } from '../price-stack.ts';
import { type ExceededLimit, exceededLimits } from './account-limits.ts';
import { fullestShard, type KeySkew } from './key-skew.ts';
import { type SizedDeployment, sizeDeployment, type WindowsBackEnd } from './size-deployment.ts';

/** What the stack needs, costs and runs into at one rate. */
export interface ScaleStep {
  readonly readingsPerSecond: number;
  readonly devices: number;
  readonly publishesPerSecond: number;
  readonly windows: WindowsBackEnd;
  readonly kpus: number;
  readonly streams: readonly StreamSize[];
  /** Lanes by shard of each function that reads a stream, where more than one. */
  readonly lanes: Readonly<Record<string, number>>;
  /** What the load is of all that one embedded runtime takes in; above 1 it does not. */
  readonly embeddedShare: number;
  readonly perMillionUsd: number;
  readonly perMonthUsd: number;
  readonly exceeded: readonly ExceededLimit[];
}

export interface StreamSize {
  readonly name: string;
  readonly shards: number;
  /** Load of the fullest shard as a multiple of the mean, simulated: sensors that send evenly, or by Zipf's law. */
  readonly fullest: Readonly<Record<KeySkew, number>>;
  /** Whether its readers together need more than the 2 MB/s of a shard that they share, so enhanced fan-out. */
  readonly needsFanOut: boolean;
}

/** From what fits on one shard to the largest fleets: one step for each power of ten. */
export const SCALE_RATES: readonly number[] = [100, 1_000, 10_000, 100_000, 1_000_000, 10_000_000];

/** Each device sends a reading in ten seconds, as the loads of docs/cost.md do. */
const DEVICES_PER_READING = 10;
/** Read rate of a shard that all readers without enhanced fan-out share (Kinesis developer guide, "Quotas and limits"). */
const SHARED_READ_MEGABYTES = 2;

/**
 * Sizes and prices a stack at each power of ten.
 * @throws CostError when a packed publish would be larger than a publish may be
 */
export function planScale(
  deployment: Deployment,
  load: Pick<SteadyLoad, 'pack' | 'basicIngest'>,
  options: PricingOptions,
): ScaleStep[] {
  return SCALE_RATES.map((rate) =>
    planStep(deployment, { ...load, rate, devices: rate * DEVICES_PER_READING }, options),
  );
}

/** With the cheaper of the two back ends for the windows; the functions' state that outgrows Lambda's lies in S3. */
export function planStep(deployment: Deployment, steady: SteadyLoad, options: PricingOptions): ScaleStep {
  const load = steadyLoad(steady);
  const byFlink = stepWith(deployment, load, steady.rate, 'flink', options);
  if (!deployment.stack.functions.some((each) => handlerOf(each) === 'aggregate-windows')) return byFlink;
  const byLambda = stepWith(deployment, load, steady.rate, 'lambda', options);
  return byLambda.perMonthUsd <= byFlink.perMonthUsd ? byLambda : byFlink;
}

function stepWith(
  given: Deployment,
  load: Load,
  rate: number,
  windows: WindowsBackEnd,
  options: PricingOptions,
): ScaleStep {
  const sized = sizeDeployment(given, load, windows);
  const { deployment, traffic, kpus } = sized;
  const { perMillionUsd, perMonthUsd } = priceStack(deployment, load, options);
  return {
    readingsPerSecond: rate,
    devices: load.devices,
    publishesPerSecond: sumOf(load.classes, ({ publishesPerSecond }) => publishesPerSecond),
    windows,
    kpus,
    streams: deployment.stack.streams.map((stream) =>
      streamSize(deployment, stream, traffic.streams.get(stream.name) ?? []),
    ),
    lanes: Object.fromEntries(
      deployment.stack.eventSourceMappings
        .filter(({ parallelizationFactor }) => parallelizationFactor > 1)
        .map(({ functionName, parallelizationFactor }) => [functionName, parallelizationFactor]),
    ),
    embeddedShare: rate / assumed('embeddedReadings'),
    perMillionUsd,
    perMonthUsd,
    exceeded: exceededLimits(sized, load, writeUnits(sized)),
  };
}

function streamSize(
  deployment: Deployment,
  { name, arn, shardCount }: Deployment['stack']['streams'][number],
  flows: readonly RecordFlow[],
): StreamSize {
  const { stack } = deployment;
  const readers =
    stack.eventSourceMappings.filter(({ streamArn }) => streamArn === arn).length +
    stack.applications.filter(({ inputStream, functionName }) => inputStream === name && !functionName)
      .length +
    resourcesOf(deployment, 'AWS::KinesisFirehose::DeliveryStream').filter(({ properties }) =>
      JSON.stringify(properties).includes(arn),
    ).length;
  const megabytes = sumOf(flows, (flow) => flow.recordsPerSecond * flow.bytes) / 1024 ** 2;
  const keys = sumOf(flows, ({ sensors }) => sensors);
  return {
    name,
    shards: shardCount,
    fullest: fullestShards(keys, shardCount, flows),
    needsFanOut: (megabytes / shardCount) * readers > SHARED_READ_MEGABYTES,
  };
}

/** Windows come one for each sensor, however often it sent. */
function fullestShards(keys: number, shards: number, flows: readonly RecordFlow[]): StreamSize['fullest'] {
  const even = fullestShard(keys, shards, 'even');
  const areWindows = flows.some(({ burstSeconds }) => burstSeconds !== undefined);
  return { even, zipf: areWindows ? even : fullestShard(keys, shards, 'zipf') };
}

/** Write units a second by table. */
function writeUnits({ traffic }: SizedDeployment): ReadonlyMap<string, number> {
  const units = new Map<string, number>();
  for (const use of traffic.functions.flatMap(({ work }) => work.uses))
    if (use.kind === 'write') units.set(use.table, (units.get(use.table) ?? 0) + use.unitsPerSecond);
  return units;
}
