import { ARCHIVE_BUCKET } from './function-environment.ts';
import { FAILURES_BUCKET } from './pipeline-process.ts';
import type { World } from './world.ts';

interface RejectedLine {
  readonly reason: string;
  readonly source: string;
  readonly base64: string;
}

/** `shard:index` of a sequence number. */
export function placeOf(sequenceNumber: string): string {
  return `${Number(sequenceNumber.slice(16, 20))}:${Number(sequenceNumber.slice(-16))}`;
}

/** The lines of the rejected objects of a function or an application. */
export function rejectedLines({ aws }: World, name: string): RejectedLine[] {
  const prefix = new RegExp(`^${ARCHIVE_BUCKET}/rejected/date=[^/]+/${name}/`);
  return [...aws.objects]
    .filter(([key]) => prefix.test(key))
    .flatMap(([, text]) => text.trimEnd().split('\n'))
    .map((line) => JSON.parse(line) as RejectedLine);
}

/** Why a function rejected records, by their place. */
export function readRejected(world: World, functionName: string): Map<string, string> {
  return new Map(
    rejectedLines(world, functionName).map(({ source, reason }) => [placeOf(source.split(' ')[1]!), reason]),
  );
}

/** The places of the records that a mapping gave up, with their bytes. */
export function readFailures({ aws }: World, mapping: string): Map<string, string> {
  const places = new Map<string, string>();
  for (const [key, text] of aws.objects) {
    if (!key.startsWith(`${FAILURES_BUCKET}/aws/lambda/${mapping}/`)) continue;
    const { payload } = JSON.parse(text) as { payload: string };
    const { Records } = JSON.parse(payload) as {
      Records: { kinesis: { sequenceNumber: string; data: string } }[];
    };
    for (const { kinesis } of Records)
      places.set(placeOf(kinesis.sequenceNumber), Buffer.from(kinesis.data, 'base64').toString());
  }
  return places;
}
