import type { DurableLog } from '../../log/durable-log.ts';
import { KeptMap } from '../../log/kept-map.ts';
import { FilterTree } from './filter-tree.ts';
import { type QueuedPacket, SessionQueue } from './session-queue.ts';
import type { KeptPacket, StoredPacket } from './stored-packet.ts';

/** A subscription of a session, with the options of MQTT 5. */
export interface SessionSubscription {
  readonly topic: string;
  readonly qos: 0 | 1 | 2;
  readonly rh?: number;
  readonly rap?: boolean;
  readonly nl?: boolean;
  readonly subscriptionIdentifier?: number;
}

/** What is kept of a session besides its queue. */
interface KeptSession {
  readonly subscriptions: readonly SessionSubscription[];
  /** Undefined while the client is connected. */
  readonly expiresMillis?: number;
}

interface Session {
  readonly subscriptions: Map<string, SessionSubscription>;
  readonly queue: SessionQueue;
  expiresMillis: number | undefined;
}

/** AWS IoT developer guide, mqtt, persistent sessions: one hour unless the account asked for more. */
export const SESSION_SECONDS = 3600;

/**
 * Sessions that outlive their connection: what they subscribe to, and the QoS 1 messages that wait for them. Both are on the
 * log; a message joins the commit that its publisher's acknowledgement waits for.
 */
export class SessionStore {
  readonly #sessions = new Map<string, Session>();
  readonly #tree = new FilterTree<SessionSubscription>();
  readonly #kept: KeptMap<KeptSession>;
  readonly #packets: KeptMap<KeptPacket>;
  readonly #nowMillis: () => number;
  /** Messages that are queued already, by their payload, until the broker hands them to the queues. */
  readonly #staged = new WeakMap<Buffer, ReadonlyMap<string, QueuedPacket>>();

  constructor(log: DurableLog, nowMillis: () => number) {
    this.#nowMillis = nowMillis;
    this.#kept = new KeptMap(log, 'iot/session/');
    this.#packets = new KeptMap(log, 'iot/session-packet/');
    for (const [clientId, { subscriptions, expiresMillis }] of this.#kept.sorted()) {
      const expires = expiresMillis ?? nowMillis() + SESSION_SECONDS * 1000;
      const session = this.#open(clientId, expires);
      for (const each of subscriptions) this.#index(clientId, session, each);
    }
    for (const [key, packet] of this.#packets.sorted()) {
      const session = this.#sessions.get(SessionQueue.clientIdOf(key));
      if (session) session.queue.restore(key, packet);
      else this.#packets.delete(key);
    }
    for (const clientId of this.#sessions.keys()) this.#find(clientId);
  }

  subscriptions(clientId: string): SessionSubscription[] {
    return [...(this.#find(clientId)?.subscriptions.values() ?? [])];
  }

  subscribe(clientId: string, subscriptions: readonly SessionSubscription[]): void {
    const session = this.#find(clientId) ?? this.#open(clientId, undefined);
    for (const each of subscriptions) this.#index(clientId, session, each);
    this.#keep(clientId, session);
  }

  unsubscribe(clientId: string, filters: readonly string[]): void {
    const session = this.#find(clientId);
    if (!session) return;
    for (const filter of filters) {
      session.subscriptions.delete(filter);
      this.#tree.remove(filter, clientId);
    }
    this.#keep(clientId, session);
  }

  /** From now on the session does not expire. */
  connected(clientId: string): void {
    this.#expire(clientId, undefined);
  }

  /** The session is gone when so much time has passed without its client. */
  disconnected(clientId: string, expirySeconds: number): void {
    this.#expire(clientId, this.#nowMillis() + Math.min(expirySeconds, SESSION_SECONDS) * 1000);
  }

  /** The session and what waits in it are gone. */
  remove(clientId: string): void {
    const session = this.#sessions.get(clientId);
    if (!session) return;
    for (const filter of session.subscriptions.keys()) this.#tree.remove(filter, clientId);
    session.queue.clear();
    this.#sessions.delete(clientId);
    this.#kept.delete(clientId);
  }

  /** The sessions that a QoS 1 message waits in, each with one of its subscriptions. */
  match(topic: string): Map<string, SessionSubscription> {
    const matches = this.#tree.match(topic);
    for (const clientId of matches.keys()) if (!this.#find(clientId)) matches.delete(clientId);
    return matches;
  }

  get hasSubscriptions(): boolean {
    return this.#tree.size > 0;
  }

  /** Queues a message before the broker does, so that it is durable when its publisher is told so. */
  stage(packet: StoredPacket): void {
    const entries = [...this.match(packet.topic).keys()].flatMap((clientId) => {
      const queued = this.#sessions.get(clientId)?.queue.put(packet);
      return queued ? [[clientId, queued] as const] : [];
    });
    if (entries.length > 0) this.#staged.set(packet.payload, new Map(entries));
  }

  /** Queues a message for a session; what was staged is not queued again. Undefined when there is no room for it. */
  enqueue(clientId: string, packet: StoredPacket): QueuedPacket | undefined {
    const staged = this.#staged.get(packet.payload);
    if (staged) return staged.get(clientId);
    return this.#sessions.get(clientId)?.queue.put(packet);
  }

  queue(clientId: string): SessionQueue | undefined {
    return this.#sessions.get(clientId)?.queue;
  }

  get size(): number {
    return this.#sessions.size;
  }

  /** Undefined too when it has expired; then it is removed. */
  #find(clientId: string): Session | undefined {
    const session = this.#sessions.get(clientId);
    if (session?.expiresMillis === undefined || session.expiresMillis > this.#nowMillis()) return session;
    this.remove(clientId);
    return undefined;
  }

  #open(clientId: string, expiresMillis: number | undefined): Session {
    const queue = new SessionQueue(this.#packets, clientId);
    const session = { subscriptions: new Map<string, SessionSubscription>(), queue, expiresMillis };
    this.#sessions.set(clientId, session);
    return session;
  }

  #index(clientId: string, session: Session, subscription: SessionSubscription): void {
    const { topic, qos } = subscription;
    session.subscriptions.set(topic, subscription);
    if (qos > 0) this.#tree.add(topic, clientId, subscription);
    else this.#tree.remove(topic, clientId);
  }

  #expire(clientId: string, expiresMillis: number | undefined): void {
    const session = this.#find(clientId);
    if (!session) return;
    session.expiresMillis = expiresMillis;
    this.#keep(clientId, session);
  }

  #keep(clientId: string, { subscriptions, expiresMillis }: Session): void {
    this.#kept.set(clientId, {
      subscriptions: [...subscriptions.values()],
      ...(expiresMillis !== undefined && { expiresMillis }),
    });
  }
}
