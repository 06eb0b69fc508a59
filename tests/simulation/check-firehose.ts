import { keptReadings } from './check-delivery.ts';
import { droppedAs } from './check-ledger.ts';
import { DELIVERY_BUCKET, DELIVERY_STAGE, DELIVERY_STREAM } from './delivery-stream.ts';
import { demand } from './violation.ts';
import type { World } from './world.ts';

const NAME = new RegExp(
  `^${DELIVERY_BUCKET}/raw/\\d{4}/\\d\\d/\\d\\d/${DELIVERY_STREAM}-1-[-0-9]{19}-(\\d+)$`,
);

/** An object of the delivery stream: which records it should hold, by its name and length. */
interface DeliveredObject {
  readonly key: string;
  readonly shard: number;
  readonly firstIndex: number;
  readonly lines: readonly string[];
}

/** From a stream to the objects: together they hold each record once, in its order, each object a run of its shard. */
export function checkFirehose(world: World): void {
  const { isDirect } = world.options.firehose;
  const stream = isDirect ? `$firehose/${DELIVERY_STREAM}` : 'readings';
  if (isDirect) checkBuffer(world, stream);
  const delivered = new Set<string>();
  const expired = droppedAs(world, DELIVERY_STAGE, 'expired');
  for (const { key, shard, firstIndex, lines } of readObjects(world)) {
    const kept = world.kept.get(`${stream}/${shard}`) ?? [];
    for (const [at, line] of lines.entries()) {
      const index = firstIndex + at;
      demand(
        line === kept[index]?.text,
        'I5 order',
        () => `line ${at} of ${key} is not record ${index}: ${line}`,
      );
      const place = `${shard}:${index}`;
      demand(
        !delivered.has(place),
        'I2 no double effect',
        () => `record ${place} lies in a second object, ${key}`,
      );
      delivered.add(place);
    }
  }
  const records = [...world.kept]
    .filter(([name]) => name.startsWith(`${stream}/`))
    .reduce((sum, [, kept]) => sum + kept.length, 0);
  const missing = records - delivered.size;
  demand(missing <= expired, 'I1 no loss', () => `${missing} records lie in no object, ${expired} expired`);
}

function readObjects({ aws }: World): DeliveredObject[] {
  return [...aws.objects]
    .filter(([key]) => key.startsWith(`${DELIVERY_BUCKET}/`))
    .map(([key, text]) => {
      const [, sequenceNumber = ''] = NAME.exec(key) ?? [];
      demand(sequenceNumber !== '', 'I3 no phantom', () => `object ${key} has another name`);
      const lines = text.split('\n');
      demand(lines.pop() === '' && lines.length > 0, 'I1 no loss', () => `object ${key} is not whole`);
      const shard = Number(sequenceNumber.slice(16, 20));
      return { key, shard, firstIndex: Number(sequenceNumber.slice(-16)), lines };
    });
}

/** Both actions of the rule share a commit: what is on the one stream is on the other. */
function checkBuffer(world: World, stream: string): void {
  const buffered = (world.kept.get(`${stream}/0`) ?? []).map(({ text }) => text);
  const readings = keptReadings(world).map(
    ({ shard, index }) => world.kept.get(`readings/${shard}`)![index]!.text,
  );
  demand(
    String(buffered.sort()) === String(readings.sort()),
    'I1 no loss',
    () => `${readings.length} readings are on their stream, ${buffered.length} on the delivery stream`,
  );
}
