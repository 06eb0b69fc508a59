import type { DurableLog } from '../../log/durable-log.ts';
import { KeptMap } from '../../log/kept-map.ts';
import { decodePacket, encodePacket, type KeptPacket, type StoredPacket } from './stored-packet.ts';

/** A message that the broker keeps for those who subscribe to its topic later. */
export interface RetainedMessage extends StoredPacket {
  readonly lastModifiedMillis: number;
}

interface KeptRetained extends KeptPacket {
  readonly lastModifiedMillis: number;
}

/** Far below what AWS keeps for an account: everything is in memory besides. */
const MAX_MESSAGES = 10_000;

/**
 * Retained messages (AWS IoT developer guide, mqtt, retained messages), by topic; what changes is durable with the log's next
 * commit.
 */
export class RetainedMessages {
  readonly #kept: KeptMap<KeptRetained>;
  readonly #nowMillis: () => number;

  constructor(log: DurableLog, nowMillis: () => number) {
    this.#kept = new KeptMap(log, 'iot/retained/');
    this.#nowMillis = nowMillis;
  }

  /** Is there room for a message of this topic? */
  hasRoomFor(topic: string): boolean {
    return this.#kept.size < MAX_MESSAGES || this.#kept.has(topic);
  }

  /** An empty payload removes what was kept. */
  keep(message: StoredPacket): void {
    if (message.payload.length === 0) this.#kept.delete(message.topic);
    else this.#kept.set(message.topic, { ...encodePacket(message), lastModifiedMillis: this.#nowMillis() });
  }

  /** Undefined too when it has expired; then it is removed. */
  find(topic: string): RetainedMessage | undefined {
    const kept = this.#kept.get(topic);
    if (!kept) return undefined;
    if (kept.expiresMillis !== undefined && kept.expiresMillis <= this.#nowMillis()) {
      this.#kept.delete(topic);
      return undefined;
    }
    return { ...decodePacket(kept), lastModifiedMillis: kept.lastModifiedMillis };
  }

  /** All that have not expired, by topic. */
  list(): RetainedMessage[] {
    return this.#kept.sorted().flatMap(([topic]) => this.find(topic) ?? []);
  }
}
