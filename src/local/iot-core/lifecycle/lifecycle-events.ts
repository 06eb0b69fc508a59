import { randomUUID } from 'node:crypto';
import type { JsonObject } from '../../../iot-sql/index.ts';
import { type DisconnectReason, reasonOfCode, reasonOfError } from './disconnect-reason.ts';

/** What an event needs to know of a client of the broker. */
export interface LifecycleClient {
  readonly id: string;
  readonly version: number;
  /** What the broker told the client when it ended the connection; null when it did not. */
  readonly disconnectReasonCode: number | null;
}

/** Who came, and from where. */
export interface ConnectedFacts {
  /** Id of the certificate; undefined when the client showed none. */
  readonly principal: string | undefined;
  readonly ipAddress: string | undefined;
}

export interface LifecycleEventsOptions {
  readonly nowMillis: () => number;
  /** Takes an event: its topic and what it says. */
  readonly onEvent: (topic: string, body: JsonObject) => void;
}

interface Connection {
  readonly client: LifecycleClient;
  readonly principal: string;
  readonly sessionIdentifier: string;
  readonly versionNumber: number;
  reason: DisconnectReason | undefined;
}

/** Client ids whose connections are counted on; beyond, the oldest begin at zero again. */
const MAX_COUNTED_IDS = 100_000;
/** In place of a certificate's id, for those that came without. */
const NOBODY = 'anonymous';

/** Tells of connections and subscriptions on `$aws/events/…` (AWS IoT developer guide, life-cycle-events). */
export class LifecycleEvents {
  readonly #options: LifecycleEventsOptions;
  readonly #connections = new Map<string, Connection>();
  readonly #versions = new Map<string, number>();

  constructor(options: LifecycleEventsOptions) {
    this.#options = options;
  }

  /** Somebody is let in under a client id: whoever is connected under it is cut. */
  arriving(clientId: string): void {
    const connection = this.#connections.get(clientId);
    if (connection) connection.reason ??= 'DUPLICATE_CLIENTID';
  }

  /** A connection is about to end for this reason; the first one counts. */
  ending(client: LifecycleClient, reason: DisconnectReason): void {
    const connection = this.#connections.get(client.id);
    if (connection?.client === client) connection.reason ??= reason;
  }

  /** MQTT 5 goes on after a publish that was refused, so that this is no reason. */
  failed(client: LifecycleClient, error: Error): void {
    const reason = reasonOfError(error);
    const goesOn = client.version === 5 && error.name === 'RefusedError';
    if (!goesOn) this.ending(client, reason);
  }

  connected(client: LifecycleClient, { principal = NOBODY, ipAddress = '' }: ConnectedFacts): void {
    const versionNumber = this.#nextVersion(client.id);
    const sessionIdentifier = randomUUID();
    this.#connections.set(client.id, {
      client,
      principal,
      sessionIdentifier,
      versionNumber,
      reason: undefined,
    });
    const eventType = 'connected';
    this.#tell('presence', client.id, eventType, { ...this.#fields(client.id), ipAddress, versionNumber });
  }

  /** @param isStopping the broker ends all connections */
  disconnected(client: LifecycleClient, isStopping: boolean): void {
    const connection = this.#connections.get(client.id);
    if (connection?.client !== client) return;
    const { versionNumber } = connection;
    const { disconnectReasonCode: code } = client;
    const ofServer: DisconnectReason = isStopping ? 'SERVER_INITIATED_DISCONNECT' : 'CONNECTION_LOST';
    const disconnectReason = connection.reason ?? (code === null ? ofServer : reasonOfCode(code));
    this.#tell('presence', client.id, 'disconnected', {
      ...this.#fields(client.id),
      clientInitiatedDisconnect: disconnectReason === 'CLIENT_INITIATED_DISCONNECT',
      disconnectReason,
      versionNumber,
    });
    this.#connections.delete(client.id);
  }

  subscribed(client: LifecycleClient, topics: readonly string[]): void {
    this.#subscription(client, 'subscribed', topics);
  }

  unsubscribed(client: LifecycleClient, topics: readonly string[]): void {
    this.#subscription(client, 'unsubscribed', topics);
  }

  /** Nobody was let in under this client id. */
  refused(clientId: string, { principal = NOBODY, ipAddress = '' }: ConnectedFacts): void {
    this.#tell('presence', clientId, 'connect_failed', {
      principalIdentifier: principal,
      sessionIdentifier: randomUUID(),
      ipAddress,
      connectFailureReason: 'AUTHORIZATION_FAILED',
    });
  }

  #subscription(client: LifecycleClient, eventType: string, topics: readonly string[]): void {
    if (topics.length > 0 && this.#connections.get(client.id)?.client === client)
      this.#tell('subscriptions', client.id, eventType, { ...this.#fields(client.id), topics });
  }

  #fields(clientId: string): JsonObject {
    const { sessionIdentifier, principal } = this.#connections.get(clientId)!;
    return { sessionIdentifier, principalIdentifier: principal };
  }

  #tell(kind: string, clientId: string, eventType: string, more: JsonObject): void {
    if (/[#+]/.test(clientId)) return;
    const timestamp = this.#options.nowMillis();
    const body = { clientId, timestamp, eventType, ...more };
    this.#options.onEvent(`$aws/events/${kind}/${eventType}/${clientId}`, body);
  }

  #nextVersion(clientId: string): number {
    const last = this.#versions.get(clientId);
    const version = last === undefined ? 0 : last + 1;
    this.#versions.delete(clientId);
    this.#versions.set(clientId, version);
    if (this.#versions.size > MAX_COUNTED_IDS) this.#versions.delete(this.#versions.keys().next().value!);
    return version;
  }
}
