import type { Duplex } from 'node:stream';
import type { AedesPublishPacket, Client } from 'aedes';

type Done = (error?: Error | null) => void;
type Deliver = (packet: AedesPublishPacket, done: Done) => void;

/** What the broker's client has besides what its types say. */
interface BrokerClient {
  deliver0: Deliver;
  deliverQoS: Deliver;
  waitForDrain: (done: Done) => void;
  _pendingDrains: Done[];
  readonly conn: Duplex & { readonly bytesWritten?: number };
}

/** So long publishers wait for a subscriber that does not read, once until it has read all. */
const PATIENCE_MILLIS = 50;
/** A subscriber whose connection takes nothing for so long is cut. */
const STALL_MILLIS = 10_000;
const CHECK_MILLIS = 2500;
/** So much is held for a subscriber that is behind before a message of QoS 0 is dropped. */
const MAX_BYTES_AT_MOST_ONCE = 1024 * 1024;
/** And before one of QoS 1 ends the connection: as much as a session keeps. */
const MAX_BYTES_AT_LEAST_ONCE = 4 * 1024 * 1024;

/**
 * Keeps a subscriber that does not read from holding up those who publish to it. The broker would let them wait until the
 * subscriber's connection has taken the message. Here they wait 50 ms; then its messages pile up without them. Beyond
 * 1 MiB those of QoS 0 are dropped; beyond 4 MiB one of QoS 1 ends the connection, and a session that is kept finds it
 * when it comes back.
 *
 * @param onDropped told of each message that is dropped
 */
export function isolateSubscriber(client: Client, onDropped: () => void): void {
  new SubscriberDelivery(client as unknown as BrokerClient, onDropped);
}

class SubscriberDelivery {
  readonly #client: BrokerClient;
  readonly #onDropped: () => void;
  readonly #deliver0: Deliver;
  readonly #deliverQoS: Deliver;
  /** Publishers that wait for this subscriber. */
  readonly #waiting = new Set<() => void>();
  /** Publishers have waited long enough. */
  #isBehind = false;
  #timer: NodeJS.Timeout | undefined;

  constructor(client: BrokerClient, onDropped: () => void) {
    this.#client = client;
    this.#onDropped = onDropped;
    this.#deliver0 = client.deliver0;
    this.#deliverQoS = client.deliverQoS;
    client.deliver0 = (packet, done) => this.#deliverOnce(packet, done);
    client.deliverQoS = (packet, done) => this.#deliverAtLeastOnce(packet, done);
    client.waitForDrain = (done) => this.#waitForDrain(done);
  }

  #deliverOnce(packet: AedesPublishPacket, done: Done): void {
    if (this.#isOver(MAX_BYTES_AT_MOST_ONCE)) {
      this.#onDropped();
      setImmediate(done);
    } else this.#deliver(this.#deliver0, packet, done);
  }

  #deliverAtLeastOnce(packet: AedesPublishPacket, done: Done): void {
    if (packet.qos > 0 && this.#isOver(MAX_BYTES_AT_LEAST_ONCE)) {
      this.#cut();
      setImmediate(done);
    } else this.#deliver(this.#deliverQoS, packet, done);
  }

  #deliver(deliver: Deliver, packet: AedesPublishPacket, done: Done): void {
    if (this.#isBehind) {
      deliver(packet, ignore);
      setImmediate(done);
      return;
    }
    const settle = (): void => {
      if (this.#waiting.delete(settle)) done();
    };
    this.#waiting.add(settle);
    deliver(packet, settle);
  }

  #isOver(bytes: number): boolean {
    return this.#isBehind && this.#client.conn.writableLength > bytes;
  }

  /** Called for whatever is written while the connection is full. */
  #waitForDrain(done: Done): void {
    this.#client._pendingDrains.push(done);
    if (this.#timer) return;
    this.#timer = setTimeout(() => this.#fallBehind(), PATIENCE_MILLIS).unref();
    // The broker says so too when it closes the connection.
    this.#client.conn.once('drain', () => this.#drained());
  }

  #drained(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#isBehind = false;
    for (const done of this.#client._pendingDrains.splice(0)) setImmediate(done, null);
  }

  #fallBehind(): void {
    this.#isBehind = true;
    for (const settle of [...this.#waiting]) settle();
    this.#watch(this.#takenBytes, Date.now());
  }

  #watch(takenBytes: number, sinceMillis: number): void {
    this.#timer = setTimeout(() => {
      const isReading = this.#takenBytes > takenBytes;
      if (isReading) this.#watch(this.#takenBytes, Date.now());
      else if (Date.now() - sinceMillis >= STALL_MILLIS) this.#cut();
      else this.#watch(takenBytes, sinceMillis);
    }, CHECK_MILLIS).unref();
  }

  /** Only its growth means something. */
  get #takenBytes(): number {
    const { bytesWritten = 0, writableLength } = this.#client.conn;
    return bytesWritten - writableLength;
  }

  #cut(): void {
    this.#client.conn.destroy(new Error(DOES_NOT_READ));
  }
}

/** The broker's word for it, which the ledger has a reason for. */
const DOES_NOT_READ = 'drain timeout';

function ignore(): void {}
