import { assumed } from '../assumptions.ts';
import { type SensorGroup, sumOf } from '../batches.ts';
import { indexWrites } from '../deployment.ts';
import { COUNT_METRICS, type HandlerInput, timeOf, type Use, type Work } from './work.ts';

const MINUTE_SECONDS = 60;
/** `MAX_SAMPLES_PER_WRITE` of src/stores/readings-table.ts. */
const SAMPLES_PER_WRITE = 100;
const KILOBYTE = 1024;

/**
 * functions/store-readings.ts: per batch, one conditional UpdateItem for each sensor in it (latest), and one UpdateItem
 * for each sensor and minute in it (readings). An update is charged by the size of the item after it (Amazon DynamoDB
 * developer guide, "Write operations"), so later writes of a full minute cost more units.
 */
export function storeReadings({ stack, resource, batches }: HandlerInput): Work {
  const { environment } = resource;
  const latest = environment.LATEST_TABLE ?? 'latest';
  const readings = `${environment.READINGS_TABLE_PREFIX ?? 'readings-'}<week>`;
  const latestTable = stack.tables.find(({ name }) => name === latest);
  const sensors = sumOf(batches.groups, ({ perSecond }) => perSecond);
  const packs = batches.groups.map(minutePacks);
  const packWrites = sumOf(packs, ({ writesPerSecond }) => writesPerSecond);
  const latestUnits = Math.ceil(assumed('latestItemBytes') / KILOBYTE) + indexWrites(latestTable).update;
  const invocations = batches.invocationsPerSecond;
  const types = Math.min(assumed('sensorTypes'), sensors / invocations);
  const uses: Use[] = [
    {
      kind: 'write',
      table: latest,
      what: 'newest reading, one per sensor and batch',
      unitsPerSecond: sensors * latestUnits,
    },
    {
      kind: 'write',
      table: readings,
      what: 'readings, one per sensor, minute and batch',
      unitsPerSecond: sumOf(packs, ({ unitsPerSecond }) => unitsPerSecond),
    },
    {
      kind: 'keep',
      table: readings,
      bytesPerSecond: sumOf(packs, (pack) => pack.keptPerSecond),
      days: undefined,
    },
  ];
  return {
    ...timeOf({
      records: batches.recordsPerSecond / invocations,
      dynamoDb: (sensors + packWrites) / invocations,
    }),
    logBytes: assumed('countsLogBytes') + types * assumed('fleetLogBytes'),
    metrics: COUNT_METRICS + 2 * assumed('sensorTypes'),
    uses,
  };
}

interface MinutePacks {
  readonly writesPerSecond: number;
  readonly unitsPerSecond: number;
  readonly keptPerSecond: number;
}

/** The writes to minute items that come of one kind of sensor groups. */
export function minutePacks({ perSecond, records, spacingSeconds }: SensorGroup): MinutePacks {
  // Readings at even distances cross a minute's end in proportion to the time they span.
  const minutes = 1 + (records - 1) * Math.min(1, spacingSeconds / MINUTE_SECONDS);
  const samples = records / minutes;
  const writesPerSecond = perSecond * minutes * Math.max(1, samples / SAMPLES_PER_WRITE);
  const samplesOfMinute = Math.max(1, MINUTE_SECONDS / spacingSeconds);
  const itemsPerSecond = (perSecond * records) / samplesOfMinute;
  const itemBytes = assumed('minuteItemBytes') + samplesOfMinute * assumed('sampleBytes');
  return {
    writesPerSecond,
    unitsPerSecond: writesPerSecond * unitsPerWrite(samplesOfMinute, Math.min(samples, SAMPLES_PER_WRITE)),
    keptPerSecond: itemsPerSecond * (itemBytes + assumed('itemOverheadBytes')),
  };
}

/** Mean write units while a minute item grows, `samples` at a time, to `samplesOfMinute`. */
function unitsPerWrite(samplesOfMinute: number, samples: number): number {
  const writes = Math.max(1, Math.ceil(samplesOfMinute / samples));
  let units = 0;
  for (let write = 1; write <= writes; write++) {
    const held = Math.min(samplesOfMinute, write * samples);
    units += Math.ceil((assumed('minuteItemBytes') + held * assumed('sampleBytes')) / KILOBYTE);
  }
  return units / writes;
}
