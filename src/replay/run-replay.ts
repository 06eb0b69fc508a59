import { type ListedObject, listObjects, streamObject } from '../stores/bucket-objects.ts';
import { sampleKey } from '../stores/keys.ts';
import { putRecords } from '../stores/put-records.ts';
import { lookUpReadings } from '../stores/stored-readings.ts';
import type { MillisRange } from '../telemetry/iso-week.ts';
import type { Reading } from '../telemetry/reading.ts';
import type { FoundMessage } from './found-message.ts';
import { Pacer } from './pacer.ts';
import { UnreadableObjectError } from './replay-error.ts';
import type { OpenObject, ReplaySource } from './replay-source.ts';
import { type ReplayReport, ReplayTally } from './replay-tally.ts';
import { splitLines } from './split-lines.ts';

/** What is replayed, from where, to where. */
export interface ReplayOptions {
  readonly source: ReplaySource;
  readonly bucketName: string;
  readonly range: MillisRange;
  /** Only messages of this sensor. */
  readonly sensorId?: string;
  /** Key of the last object that an earlier replay finished. */
  readonly after?: string;
  readonly streamName: string;
  readonly tablePrefix: string;
  readonly exportAfterWeeks: number;
  /** Minutes that an item of the readings tables spans. */
  readonly itemMinutes: number;
  readonly nowMillis: number;
  /** Messages a second at most. */
  readonly ratePerSecond: number;
  /** Puts nothing on the stream. */
  readonly dryRun: boolean;
  /** Puts messages on the stream that are stored already, too. */
  readonly all: boolean;
  /** Told after each object, and now and then within one. */
  readonly onProgress?: (report: () => ReplayReport, objects: { done: number; total: number }) => void;
  /** Ends the replay after the object under way. */
  readonly signal?: AbortSignal;
}

/** As many as PutRecords takes at a time. */
const BATCH_MESSAGES = 500;

/**
 * Reads objects in the order of their keys, and puts what they hold back on the readings stream. Which of it is stored
 * already is looked up first, so that the report is a diff. What is put may be put again: identities make it overwrite itself.
 */
export async function runReplay(options: ReplayOptions): Promise<ReplayReport> {
  const objects = await listCandidates(options);
  const replay = new Replay(options, objects.length);
  for (const object of objects) {
    if (options.signal?.aborted) break;
    await replay.object(object);
  }
  return replay.tally.report();
}

async function listCandidates({ source, bucketName, range, after }: ReplayOptions): Promise<ListedObject[]> {
  const starts = [source.startAfter?.(range), after].filter((key) => key !== undefined);
  const start = starts.sort().at(-1);
  const found: ListedObject[] = [];
  for (const prefix of source.prefixes)
    for await (const object of listObjects(bucketName, prefix, start))
      if (source.mayHold(object, range)) found.push(object);
  return found;
}

class Replay {
  readonly tally: ReplayTally;
  readonly #options: ReplayOptions;
  readonly #pacer: Pacer;
  readonly #total: number;
  #done = 0;
  #batch: FoundMessage[] = [];

  constructor(options: ReplayOptions, total: number) {
    this.#options = options;
    this.#pacer = new Pacer(options.ratePerSecond);
    this.#total = total;
    this.tally = new ReplayTally(total);
  }

  async object(object: ListedObject): Promise<void> {
    const { source, bucketName } = this.#options;
    const open: OpenObject = { ...object, lines: () => splitLines(streamObject(bucketName, object.key)) };
    const before = this.tally.messages;
    try {
      for await (const message of source.read(open, this.#options)) await this.#take(message);
    } catch (error) {
      if (!(error instanceof UnreadableObjectError)) throw error;
      this.tally.unreadable(object.key, error.message);
    }
    await this.#flush();
    this.tally.endObject(object.key, this.tally.messages - before);
    this.#done += 1;
    this.#progress();
  }

  async #take(message: FoundMessage): Promise<void> {
    if (!this.#isWanted(message) || !this.tally.add(message)) return;
    const { decoded } = message;
    if (!decoded.ok) this.tally.refuse(decoded.rejection.reason, undefined);
    else if (this.#batch.push(message) >= this.#batchMessages) {
      await this.#flush();
      this.#progress();
    }
  }

  /** At a low rate a batch is small, so that it takes no longer than a second. */
  get #batchMessages(): number {
    return Math.max(1, Math.min(BATCH_MESSAGES, this.#options.ratePerSecond));
  }

  #isWanted({ decoded, timeMillis }: FoundMessage): boolean {
    const { range, sensorId } = this.#options;
    const inRange =
      timeMillis === undefined || (timeMillis >= range.fromMillis && timeMillis < range.toMillis);
    return (
      inRange && (sensorId === undefined || (decoded.ok ? decoded.value.sensor_id : undefined) === sensorId)
    );
  }

  async #flush(): Promise<void> {
    const { tablePrefix, itemMinutes, dryRun, all, streamName } = this.#options;
    const batch = this.#batch
      .splice(0)
      .flatMap(({ decoded, text }) =>
        decoded.ok
          ? [{ reading: decoded.value, sampleKey: sampleKey(decoded.value, itemMinutes), text }]
          : [],
      );
    const standings = await lookUpReadings(tablePrefix, batch, this.#options);
    const wanted: { reading: Reading; text: string | undefined }[] = [];
    for (const [i, each] of batch.entries()) {
      const standing = standings[i]!;
      const { sensor_id } = each.reading;
      if (standing === 'no-weekly-table') this.tally.refuse(standing, sensor_id);
      else this.tally.settle(sensor_id, standing);
      if (standing === 'new' || (all && standing === 'stored')) wanted.push(each);
    }
    if (dryRun || wanted.length === 0) return;
    await this.#pacer.take(wanted.length);
    await putRecords(
      streamName,
      wanted.map(({ reading, text }) => ({ key: reading.sensor_id, text: text ?? JSON.stringify(reading) })),
    );
    this.tally.sent(wanted.length);
  }

  #progress(): void {
    this.#options.onProgress?.(() => this.tally.report(), { done: this.#done, total: this.#total });
  }
}
