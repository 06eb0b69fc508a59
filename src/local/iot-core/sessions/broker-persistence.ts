import { Readable } from 'node:stream';
import type { AedesPublishPacket, PublishPacket } from 'aedes';
import { LocalError } from '../../local-error.ts';
import type { DurableLog } from '../../log/durable-log.ts';
import type { RetainedMessage, RetainedMessages } from './retained-messages.ts';
import type { QueuedPacket } from './session-queue.ts';
import type { SessionStore, SessionSubscription } from './session-store.ts';
import { storedPacketOf } from './stored-packet.ts';

interface ClientId {
  readonly id: string;
}

interface ClientSubscription extends SessionSubscription {
  readonly clientId: string;
}

type Will = AedesPublishPacket & { clientId?: string };

export interface BrokerPersistenceOptions {
  readonly log: DurableLog;
  readonly retained: RetainedMessages;
  readonly sessions: SessionStore;
  readonly nowMillis: () => number;
}

/**
 * What the broker asks of a store, in its words: sessions and retained messages are on the log, wills last as long as the
 * process. Retained messages have been kept before the broker hears of them, so that they are durable when they are
 * acknowledged.
 */
export class BrokerPersistence {
  /** The filters that each client may and does subscribe to. */
  readonly granted = new WeakMap<object, Set<string>>();
  readonly #options: BrokerPersistenceOptions;
  readonly #wills = new Map<string, Will>();
  #brokerId = '';

  constructor(options: BrokerPersistenceOptions) {
    this.#options = options;
  }

  /** Keeps what a publish leaves behind, so that it joins the commit that its acknowledgement waits for. */
  keep(packet: PublishPacket): void {
    const { retained, sessions, nowMillis } = this.#options;
    const waits = packet.qos > 0 && sessions.hasSubscriptions;
    if (!packet.retain && !waits) return;
    const stored = storedPacketOf(packet, nowMillis());
    if (packet.retain) retained.keep(stored);
    if (waits) sessions.stage(stored);
  }

  /** Why the message cannot be kept; undefined when it can. */
  problemOf({ retain, topic }: PublishPacket): string | undefined {
    return retain && !this.#options.retained.hasRoomFor(topic) ? 'too many retained messages' : undefined;
  }

  /** Starts or ends the time that a session lasts without its client. */
  track(client: ClientId & { readonly sessionExpiryInterval: number }, isConnected: boolean): void {
    if (isConnected) this.#options.sessions.connected(client.id);
    else this.#options.sessions.disconnected(client.id, client.sessionExpiryInterval);
  }

  async setup(broker: ClientId): Promise<void> {
    this.#brokerId = broker.id;
  }

  async destroy(): Promise<void> {}

  async storeRetained(): Promise<void> {}

  /** Only a subscription to the very topic gets a retained message (AWS IoT developer guide, mqtt, retained messages). */
  createRetainedStreamCombi(filters: readonly string[]): Readable {
    const found = filters.flatMap((filter) => this.#options.retained.find(filter) ?? []);
    return Readable.from(found.map(retainedPacketOf));
  }

  createRetainedStream(filter: string): Readable {
    return this.createRetainedStreamCombi([filter]);
  }

  /** The broker gives all that a packet asked for, for each that was granted. */
  async addSubscriptions(client: ClientId, subscriptions: readonly SessionSubscription[]): Promise<void> {
    const granted = subscriptions.filter(({ topic }) => this.granted.get(client)?.has(topic));
    this.#options.sessions.subscribe(client.id, granted.map(subscriptionOf));
    await this.#options.log.durable();
  }

  async removeSubscriptions({ id }: ClientId, filters: readonly string[]): Promise<void> {
    this.#options.sessions.unsubscribe(id, filters);
    await this.#options.log.durable();
  }

  async subscriptionsByClient({ id }: ClientId): Promise<SessionSubscription[]> {
    return this.#options.sessions.subscriptions(id);
  }

  async subscriptionsByTopic(topic: string): Promise<ClientSubscription[]> {
    const matches = this.#options.sessions.match(topic);
    return [...matches].map(([clientId, subscription]) => ({ ...subscription, clientId }));
  }

  async cleanSubscriptions({ id }: ClientId): Promise<void> {
    this.#options.sessions.remove(id);
  }

  async countOffline(): Promise<{ subsCount: number; clientsCount: number }> {
    return { subsCount: 0, clientsCount: this.#options.sessions.size };
  }

  async outgoingEnqueue(
    { clientId }: { readonly clientId: string },
    packet: AedesPublishPacket,
  ): Promise<void> {
    const { sessions, nowMillis } = this.#options;
    const queued = sessions.enqueue(clientId, storedPacketOf(packet, nowMillis()));
    if (queued) queued.identity = { brokerId: packet.brokerId, brokerCounter: packet.brokerCounter };
  }

  async outgoingEnqueueCombi(
    subscriptions: readonly ClientSubscription[],
    packet: AedesPublishPacket,
  ): Promise<void> {
    for (const each of subscriptions) await this.outgoingEnqueue(each, packet);
  }

  /** Without an entry, because the queue was full, the message is sent all the same. */
  async outgoingUpdate({ id }: ClientId, packet: AedesPublishPacket): Promise<void> {
    if (packet.messageId !== undefined) this.#options.sessions.queue(id)?.sent(packet, packet.messageId);
  }

  async outgoingClearMessageId(
    { id }: ClientId,
    { messageId }: { readonly messageId?: number },
  ): Promise<object | undefined> {
    if (messageId === undefined) return undefined;
    const queued = this.#options.sessions.queue(id)?.acknowledge(messageId);
    return queued && queuedPacketOf(queued);
  }

  outgoingStream({ id }: ClientId): Readable {
    const queue = this.#options.sessions.queue(id);
    queue?.expire(this.#options.nowMillis());
    return Readable.from((queue?.list() ?? []).map(queuedPacketOf));
  }

  async incomingStorePacket(): Promise<never> {
    throw new LocalError('QoS 2 is not supported');
  }

  async incomingGetPacket(): Promise<never> {
    throw new LocalError('QoS 2 is not supported');
  }

  async incomingDelPacket(): Promise<never> {
    throw new LocalError('QoS 2 is not supported');
  }

  async putWill({ id }: ClientId, packet: Will): Promise<void> {
    packet.brokerId = this.#brokerId;
    packet.clientId = id;
    this.#wills.set(id, packet);
  }

  async getWill({ id }: ClientId): Promise<Will | undefined> {
    return this.#wills.get(id);
  }

  async delWill({ id }: ClientId): Promise<Will | undefined> {
    const will = this.#wills.get(id);
    this.#wills.delete(id);
    return will;
  }

  /** Of other brokers, of which there are none. */
  streamWill(): Readable {
    return Readable.from([]);
  }

  getClientList(): Readable {
    return Readable.from([]);
  }
}

function subscriptionOf(given: SessionSubscription): SessionSubscription {
  const { topic, qos, rh, rap, nl, subscriptionIdentifier } = given;
  return {
    topic,
    qos,
    ...(rh !== undefined && { rh }),
    ...(rap !== undefined && { rap }),
    ...(nl !== undefined && { nl }),
    ...(subscriptionIdentifier !== undefined && { subscriptionIdentifier }),
  };
}

function retainedPacketOf({ topic, payload, qos, properties, expiresMillis }: RetainedMessage): object {
  return {
    cmd: 'publish',
    topic,
    payload,
    qos,
    retain: true,
    ...(properties && { properties }),
    ...(expiresMillis !== undefined && { messageExpiry: expiresMillis }),
  };
}

/** What was sent before the connection ended is sent again under its id, without the mark of a duplicate. */
function queuedPacketOf({ packet, identity, messageId }: QueuedPacket): object {
  const { topic, payload, properties, expiresMillis } = packet;
  return {
    cmd: 'publish',
    topic,
    payload,
    qos: 1,
    retain: false,
    dup: false,
    ...identity,
    ...(messageId !== undefined && { messageId }),
    ...(properties && { properties: { ...properties } }),
    ...(expiresMillis !== undefined && { messageExpiry: expiresMillis }),
  };
}
