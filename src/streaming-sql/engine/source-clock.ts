import type { TimePlan } from '../plan.ts';
import { isTimestamp } from '../timestamp-text.ts';
import type { SnapshotReader } from './snapshot-reader.ts';
import type { SnapshotWriter } from './snapshot-writer.ts';

/** What became of a row's time. */
export type ClockVerdict = 'onTime' | 'ahead' | 'missing' | 'outOfRange';

/**
 * Decides the ROWTIME of every source row and how far time has passed. It knows no clock: arrival times come with the
 * records, and `advance` tells that every record that arrived earlier has been given.
 *
 * A shard holds the watermark back at its newest row until `advance` speaks for all of them, so that interleaving
 * shards puts no row into another window. With event time, a shard without rows for `idleMillis` of arrival time is
 * left out, and once all are idle the watermark moves on with arrival time.
 */
export class SourceClock {
  readonly #plan: TimePlan;
  /** Newest time of each shard's rows. */
  readonly #shards = new Map<string, { time: number; arrival: number }>();
  /** The shard of the row before, which is mostly that of the next. */
  #lastId: string | null = null;
  #last: { time: number; arrival: number } | undefined = undefined;
  #watermark = Number.NEGATIVE_INFINITY;
  #newestArrival = Number.NEGATIVE_INFINITY;
  #newestTime = Number.NEGATIVE_INFINITY;
  /** ROWTIME of the row last taken. */
  rowtime = 0;
  /** Rows whose arrival lay before the watermark: moved to it. */
  lifted = 0;

  constructor(plan: TimePlan, shardIds: readonly string[]) {
    this.#plan = plan;
    for (const id of shardIds)
      this.#shards.set(id, { time: Number.NEGATIVE_INFINITY, arrival: Number.NEGATIVE_INFINITY });
  }

  /** No later row gets a ROWTIME before this, but for late rows of event time. */
  get watermark(): number {
    return this.#watermark;
  }

  get shardCount(): number {
    return this.#shards.size;
  }

  /** A record arrived: with event time, gaps of arrival let time pass before its rows are looked at. */
  arrive(arrivalMillis: number): void {
    if (this.#plan.source === 'column') this.#passIdle(arrivalMillis);
    if (arrivalMillis > this.#newestArrival) this.#newestArrival = arrivalMillis;
  }

  /** Sets {@link rowtime} for a row; `eventMillis` is the time column's value, ignored in arrival mode. */
  take(eventMillis: number | null, arrivalMillis: number, shardId: string): ClockVerdict {
    if (this.#plan.source === 'arrival') {
      this.#moveShard(shardId, arrivalMillis, arrivalMillis);
      if (arrivalMillis < this.#watermark) this.lifted++;
      this.rowtime = Math.max(this.#watermark, arrivalMillis);
      return 'onTime';
    }
    if (eventMillis === null) return 'missing';
    if (!isTimestamp(eventMillis)) return 'outOfRange';
    this.rowtime = eventMillis;
    if (eventMillis > arrivalMillis + this.#plan.maxAheadMillis) return 'ahead';
    if (eventMillis > this.#newestTime) this.#newestTime = eventMillis;
    this.#moveShard(shardId, eventMillis, arrivalMillis);
    return 'onTime';
  }

  /** Every record that arrived before `nowMillis` has been given. */
  advance(nowMillis: number): void {
    if (this.#plan.source === 'arrival') this.#watermark = Math.max(this.#watermark, nowMillis);
    else this.#passIdle(nowMillis);
  }

  /**
   * The rows of some shards go on in others, which hold the watermark back where those did: a shard that is over holds no
   * window open, and a row of one that has just come is not late because the others are ahead. Shards that it does not know
   * change nothing.
   */
  replaceShards(from: readonly string[], to: readonly string[]): void {
    const known = from.flatMap((id) => this.#shards.get(id) ?? []);
    if (known.length === 0) return;
    for (const id of from) this.#shards.delete(id);
    const time = Math.min(...known.map((shard) => shard.time));
    const arrival = Math.max(...known.map((shard) => shard.arrival));
    for (const id of to)
      if (!((this.#shards.get(id)?.time ?? Number.NEGATIVE_INFINITY) > time))
        this.#shards.set(id, { time, arrival });
    this.#lastId = null;
    this.#last = undefined;
  }

  #moveShard(shardId: string, time: number, arrival: number): void {
    const shard = shardId === this.#lastId ? this.#last : this.#shards.get(shardId);
    if (shard === undefined) this.#shards.set(shardId, { time, arrival });
    else {
      this.#lastId = shardId;
      this.#last = shard;
      shard.arrival = arrival;
      if (time <= shard.time) return;
      shard.time = time;
    }
    const slack = this.#plan.source === 'column' ? this.#plan.outOfOrderMillis : 0;
    const oldest = this.#shards.size === 1 ? time : this.#oldestShard();
    if (oldest - slack > this.#watermark) this.#watermark = oldest - slack;
  }

  #oldestShard(): number {
    const idleBefore =
      this.#plan.source === 'column' ? this.#newestArrival - this.#plan.idleMillis : Number.NEGATIVE_INFINITY;
    let oldest = Number.POSITIVE_INFINITY;
    for (const { time, arrival } of this.#shards.values()) {
      if (time < oldest && (arrival >= idleBefore || this.#plan.source === 'arrival')) oldest = time;
    }
    return oldest;
  }

  /** Nothing arrived for the idle span: event time runs on with arrival time from the newest row. */
  #passIdle(nowMillis: number): void {
    const quiet = nowMillis - this.#newestArrival;
    if (!(quiet >= this.#plan.idleMillis) || !Number.isFinite(this.#newestTime)) return;
    this.#watermark = Math.max(this.#watermark, this.#newestTime + quiet - this.#plan.outOfOrderMillis);
  }

  save(writer: SnapshotWriter): void {
    for (const value of [this.#watermark, this.#newestArrival, this.#newestTime, this.lifted])
      writer.float64(value);
    writer.uint32(this.#shards.size);
    for (const [id, { time, arrival }] of this.#shards) {
      writer.text(id);
      writer.float64(time);
      writer.float64(arrival);
    }
  }

  /** @returns how many shards gave rows, or were declared, when it was saved */
  load(reader: SnapshotReader): number {
    this.#watermark = reader.float64();
    this.#newestArrival = reader.float64();
    this.#newestTime = reader.float64();
    this.lifted = reader.float64();
    const shards = reader.uint32();
    for (let count = shards; count > 0; count--) {
      this.#shards.set(reader.text(), { time: reader.float64(), arrival: reader.float64() });
    }
    return shards;
  }
}
