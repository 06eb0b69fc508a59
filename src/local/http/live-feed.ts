import type { IncomingMessage, ServerResponse } from 'node:http';
import type { KinesisStream } from '../log/kinesis-stream.ts';
import { closedWindows, collectReadings, type LiveReading, liveWindow } from './live-rows.ts';

export interface LiveFeedOptions {
  readonly readings: KinesisStream;
  readonly windows: KinesisStream;
  readonly version: string;
  readonly nowMillis: () => number;
  /** Partial rows of the windows open now. */
  readonly openWindows: (limit: number) => readonly Readonly<Record<string, unknown>>[];
  readonly stats: () => object;
}

/**
 * `/v1/live`: server-sent events for the page. Every event stands for itself, so that a page that reconnects needs
 * nothing but the history from the API. Costs nothing while nobody listens.
 */
export class LiveFeed {
  readonly #options: LiveFeedOptions;
  readonly #clients = new Map<ServerResponse, { stationId: string | undefined }>();
  readonly #startedMillis: number;
  readonly #positions = new Map<string, string | undefined>();
  #timers: NodeJS.Timeout[] = [];
  #turn = 0;

  constructor(options: LiveFeedOptions) {
    this.#options = options;
    this.#startedMillis = options.nowMillis();
  }

  /** Keeps the response open and sends events until the other side goes away. */
  subscribe(request: IncomingMessage, response: ServerResponse): void {
    const stationId =
      new URL(request.url ?? '/', 'http://localhost').searchParams.get('station_id') ?? undefined;
    response.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-store' });
    const { version, nowMillis } = this.#options;
    send(response, 'hello', {
      version,
      startedMillis: this.#startedMillis,
      nowMillis: nowMillis(),
      windowSeconds: 60,
    });
    this.#clients.set(response, { stationId });
    response.once('close', () => this.#remove(response));
    if (this.#clients.size === 1) this.#start();
  }

  /** Sends an event to every listener. */
  publish(event: string, data: object): void {
    const text = `event: ${event}\ndata: ${JSON.stringify(data)}\n\n`;
    for (const response of this.#clients.keys()) write(response, text);
  }

  stop(): void {
    for (const response of this.#clients.keys()) response.end();
    this.#clients.clear();
    this.#pause();
  }

  #start(): void {
    const { readings, windows } = this.#options;
    for (const stream of [readings, windows]) {
      for (const id of stream.shardIds)
        this.#positions.set(stream.name + id, stream.latestSequenceNumber(id));
    }
    this.#timers = [
      setInterval(() => this.#sendReadings(), READINGS_MILLIS),
      setInterval(() => this.#sendClosedWindows(), READINGS_MILLIS),
      setInterval(() => this.#sendOpenWindows(), STATS_MILLIS),
      setInterval(() => this.publish('stats', this.#options.stats()), STATS_MILLIS),
    ];
    this.publish('stats', this.#options.stats());
  }

  #pause(): void {
    for (const timer of this.#timers) clearInterval(timer);
    this.#timers = [];
  }

  #remove(response: ServerResponse): void {
    this.#clients.delete(response);
    if (this.#clients.size === 0) this.#pause();
  }

  /** The newest reading of each sensor since the last event. Under load only the newest records are looked at. */
  #sendReadings(): void {
    const latest = new Map<string, LiveReading>();
    const { readings, nowMillis } = this.#options;
    for (const [id, blocks] of this.#newBlocks(readings)) {
      const { endIndex } = blocks.at(-1)!.block;
      for (const { block, position } of blocks) {
        if (block.endIndex > endIndex - MAX_RECORDS_LOOKED_AT) collectReadings(block, position, latest);
      }
      this.#advance(readings, id);
    }
    if (latest.size === 0) return;
    const rows = this.#inTurn([...latest.values()]);
    this.publish('readings', { nowMillis: nowMillis(), rows, omitted: latest.size - rows.length });
  }

  /** At most one event full; of more sensors than that, others each time. */
  #inTurn(rows: readonly LiveReading[]): readonly LiveReading[] {
    if (rows.length <= MAX_ROWS) return rows;
    this.#turn = (this.#turn + MAX_ROWS) % rows.length;
    return [...rows.slice(this.#turn), ...rows.slice(0, this.#turn)].slice(0, MAX_ROWS);
  }

  #sendClosedWindows(): void {
    const { windows } = this.#options;
    for (const [id, blocks] of this.#newBlocks(windows)) {
      const rows = blocks.flatMap(({ block, position }) => closedWindows(block, position));
      for (let at = 0; at < rows.length; at += MAX_ROWS)
        this.publish('windows', { rows: rows.slice(at, at + MAX_ROWS) });
      this.#advance(windows, id);
    }
  }

  #sendOpenWindows(): void {
    const { openWindows, nowMillis } = this.#options;
    const rows = openWindows(MAX_OPEN_WINDOWS).map((row) => liveWindow(row, false));
    for (const [response, { stationId }] of this.#clients) {
      const wanted =
        stationId === undefined ? rows : rows.filter(({ station_id }) => station_id === stationId);
      send(response, 'open', { nowMillis: nowMillis(), rows: wanted.slice(0, MAX_ROWS) });
    }
  }

  /** What became durable since the last look and is still in memory, by shard. */
  #newBlocks(stream: KinesisStream): [string, NonNullable<ReturnType<KinesisStream['readBlock']>>[]][] {
    return stream.shardIds.flatMap((id) => {
      const blocks: NonNullable<ReturnType<KinesisStream['readBlock']>>[] = [];
      let position = this.#positions.get(stream.name + id);
      for (let bytes = 0; bytes < MAX_BYTES_LOOKED_AT; ) {
        const found = stream.readBlock(id, position);
        if (!found) break;
        blocks.push(found);
        bytes += found.block.bytes.length;
        position = stream.lastSequenceNumber(id, found.block);
      }
      return blocks.length ? [[id, blocks] as [string, typeof blocks]] : [];
    });
  }

  #advance(stream: KinesisStream, id: string): void {
    this.#positions.set(stream.name + id, stream.latestSequenceNumber(id));
  }
}

const READINGS_MILLIS = 500;
const STATS_MILLIS = 1000;
const MAX_ROWS = 500;
const MAX_OPEN_WINDOWS = 2000;
const MAX_RECORDS_LOOKED_AT = 2000;
const MAX_BYTES_LOOKED_AT = 8 * 1024 * 1024;
/** A page that does not read is cut rather than buffered for. */
const MAX_BUFFERED_BYTES = 4 * 1024 * 1024;

function send(response: ServerResponse, event: string, data: object): void {
  write(response, `event: ${event}\ndata: ${JSON.stringify(data)}\n\n`);
}

function write(response: ServerResponse, text: string): void {
  if (response.writableLength > MAX_BUFFERED_BYTES) response.destroy();
  else response.write(text);
}
