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
 * for each sensor and item in it (readings). An update is charged by the size of the item after it (Amazon DynamoDB
 * developer guide, "Write operations"), so later writes of a full item cost more units.
 */
export function storeReadings({ stack, resource, batches }: HandlerInput): Work {
  const { environment } = resource;
  const latest = environment.LATEST_TABLE ?? 'latest';
  const readings = `${environment.READINGS_TABLE_PREFIX ?? 'readings-'}<week>`;
  const latestTable = stack.tables.find(({ name }) => name === latest);
  const sensors = sumOf(batches.groups, ({ perSecond }) => perSecond);
  const itemMinutes = Number(environment.READINGS_ITEM_MINUTES ?? 1);
  const packs = batches.groups.map((group) => itemPacks(group, itemMinutes));
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
      what: 'readings, one per sensor, item and batch',
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

interface ItemPacks {
  readonly writesPerSecond: number;
  readonly unitsPerSecond: number;
  readonly keptPerSecond: number;
}

/** The writes, to items of so many minutes, that come of one kind of sensor groups. */
export function itemPacks(
  { perSecond, records, spacingSeconds }: SensorGroup,
  itemMinutes: number,
): ItemPacks {
  const itemSeconds = itemMinutes * MINUTE_SECONDS;
  // Readings at even distances cross an item's end in proportion to the time they span.
  const items = 1 + (records - 1) * Math.min(1, spacingSeconds / itemSeconds);
  const samples = records / items;
  const writesPerSecond = perSecond * items * Math.max(1, samples / SAMPLES_PER_WRITE);
  const samplesOfItem = Math.max(1, itemSeconds / spacingSeconds);
  const itemsPerSecond = (perSecond * records) / samplesOfItem;
  const itemBytes = assumed('minuteItemBytes') + samplesOfItem * assumed('sampleBytes');
  return {
    writesPerSecond,
    unitsPerSecond: writesPerSecond * unitsPerWrite(samplesOfItem, Math.min(samples, SAMPLES_PER_WRITE)),
    keptPerSecond: itemsPerSecond * (itemBytes + assumed('itemOverheadBytes')),
  };
}

/** Mean write units while an item grows, `samples` at a time, to `samplesOfItem`. */
function unitsPerWrite(samplesOfItem: number, samples: number): number {
  const writes = Math.max(1, Math.ceil(samplesOfItem / samples));
  let units = 0;
  for (let write = 1; write <= writes; write++) {
    const held = Math.min(samplesOfItem, write * samples);
    units += Math.ceil((assumed('minuteItemBytes') + held * assumed('sampleBytes')) / KILOBYTE);
  }
  return units / writes;
}
