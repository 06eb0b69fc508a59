import type { KeptMap } from '../../log/kept-map.ts';
import { decodePacket, encodePacket, type KeptPacket, type StoredPacket } from './stored-packet.ts';

/** Messages that wait in one session, and their bytes; what comes beyond is not kept for it. */
const MAX_PACKETS = 1000;
const MAX_BYTES = 4 * 1024 * 1024;

/** A message that waits for a session, on its way or not. */
export class QueuedPacket {
  readonly key: string;
  readonly packet: StoredPacket;
  /** The broker's own number of the message. */
  identity: { readonly brokerId: string; readonly brokerCounter: number };
  /** Under which it was sent; undefined while it was not. */
  messageId: number | undefined;

  constructor(key: string, packet: StoredPacket, ordinal: number) {
    this.key = key;
    this.packet = packet;
    this.identity = { brokerId: 'kept', brokerCounter: ordinal };
  }
}

/** What waits for one session, oldest first; each message is a state of the log. */
export class SessionQueue {
  readonly #kept: KeptMap<KeptPacket>;
  readonly #clientId: string;
  readonly #queued = new Set<QueuedPacket>();
  #bytes = 0;
  #nextOrdinal = 0;

  constructor(kept: KeptMap<KeptPacket>, clientId: string) {
    this.#kept = kept;
    this.#clientId = clientId;
  }

  /** Whose message a key of the log is. */
  static clientIdOf(key: string): string {
    return key.slice(0, key.lastIndexOf('/'));
  }

  get size(): number {
    return this.#queued.size;
  }

  /** Takes a message that the log has kept; in the order of their keys. */
  restore(key: string, packet: KeptPacket): void {
    const ordinal = Number(key.slice(key.lastIndexOf('/') + 1));
    this.#nextOrdinal = Math.max(this.#nextOrdinal, ordinal + 1);
    this.#add(new QueuedPacket(key, decodePacket(packet), ordinal));
  }

  /** Undefined when there is no room. */
  put(packet: StoredPacket): QueuedPacket | undefined {
    if (this.#queued.size >= MAX_PACKETS || this.#bytes + packet.payload.length > MAX_BYTES) return undefined;
    const ordinal = this.#nextOrdinal;
    this.#nextOrdinal += 1;
    const key = `${this.#clientId}/${String(ordinal).padStart(12, '0')}`;
    const queued = new QueuedPacket(key, packet, ordinal);
    this.#kept.set(key, encodePacket(packet));
    this.#add(queued);
    return queued;
  }

  /** The message that was sent under an id is done with. */
  acknowledge(messageId: number): QueuedPacket | undefined {
    for (const queued of this.#queued) {
      if (queued.messageId !== messageId) continue;
      this.#remove(queued);
      return queued;
    }
    return undefined;
  }

  /** Notes under which id a message was sent. */
  sent(identity: { readonly brokerId: string; readonly brokerCounter: number }, messageId: number): void {
    for (const queued of this.#queued) {
      const { brokerId, brokerCounter } = queued.identity;
      if (brokerId !== identity.brokerId || brokerCounter !== identity.brokerCounter) continue;
      queued.messageId = messageId;
      return;
    }
  }

  /** Oldest first. */
  list(): QueuedPacket[] {
    return [...this.#queued];
  }

  /** Forgets what has expired. */
  expire(nowMillis: number): void {
    for (const queued of this.#queued)
      if ((queued.packet.expiresMillis ?? Infinity) <= nowMillis) this.#remove(queued);
  }

  clear(): void {
    for (const queued of [...this.#queued]) this.#remove(queued);
  }

  #add(queued: QueuedPacket): void {
    this.#queued.add(queued);
    this.#bytes += queued.packet.payload.length;
  }

  #remove(queued: QueuedPacket): void {
    this.#queued.delete(queued);
    this.#bytes -= queued.packet.payload.length;
    this.#kept.delete(queued.key);
  }
}
