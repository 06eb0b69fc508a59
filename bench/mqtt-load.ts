import { connect, type Socket } from 'node:net';

/**
 * A load tool in a process of its own: MQTT 3.1.1 over raw sockets, packets built beforehand, so that what is measured is
 * the broker's side. Talks to its parent over IPC.
 */
export interface LoadOptions {
  readonly port: number;
  readonly connections: number;
  /** Unacknowledged QoS 1 publishes per connection. */
  readonly inFlight: number;
  readonly sensors: number;
  readonly warmUpSeconds: number;
  readonly seconds: number;
  /** Messages per second in all, by schedule; as fast as acknowledged when absent. */
  readonly rate?: number;
}

export interface LoadResult {
  /** Acknowledged in the measured time. */
  readonly messagesPerSecond: number;
  readonly sent: number;
  readonly acknowledged: number;
  /** Publish to PUBACK, from the time a message was due: nothing is left out because the sender was late. */
  readonly latencyMillis: { readonly p50: number; readonly p99: number; readonly max: number };
}

const PAYLOAD_BYTES = 199;
/** A full record of one million latencies is enough for a p99. */
const MAX_SAMPLES = 1_000_000;

function payloadOf(sensor: number): Buffer {
  const head = `{"sensor_timestamp":${Date.now()},"sensor_value":${(sensor / 7).toFixed(12)},"sensor_value_smoothed":0.9843152123890655,"direction":-1,"firmware":"`;
  return Buffer.from(`${head.padEnd(PAYLOAD_BYTES - 2, 'x')}"}`);
}

/** The publish of one sensor; the packet id is written at `idAt` for each send. */
function publishPacket(sensor: number): { packet: Buffer; idAt: number } {
  const name = String(sensor).padStart(6, '0');
  const topic = Buffer.from(
    `weather/WA/Seattle/st${String(sensor % 500).padStart(4, '0')}/temperature/s${name}`,
  );
  const payload = payloadOf(sensor);
  const remaining = 2 + topic.length + 2 + payload.length;
  const header = Buffer.from([
    0x32,
    (remaining & 0x7f) | 0x80,
    remaining >> 7,
    topic.length >> 8,
    topic.length & 0xff,
  ]);
  return {
    packet: Buffer.concat([header, topic, Buffer.alloc(2), payload]),
    idAt: header.length + topic.length,
  };
}

function connectPacket(clientId: string): Buffer {
  const id = Buffer.from(clientId);
  const body = Buffer.concat([
    Buffer.from([0, 4, 0x4d, 0x51, 0x54, 0x54, 4, 2, 0, 60, id.length >> 8, id.length & 0xff]),
    id,
  ]);
  return Buffer.concat([Buffer.from([0x10, body.length]), body]);
}

class Publisher {
  readonly #socket: Socket;
  readonly #packets: readonly { packet: Buffer; idAt: number }[];
  readonly #dueMillis = new Float64Array(65_536);
  readonly #onLatency: (millis: number) => void;
  #next = 0;
  #id = 0;
  #acknowledgeIndex = 0;
  #tail = 0;
  outstanding = 0;
  sent = 0;
  acknowledged = 0;
  isConnected = false;

  constructor(
    socket: Socket,
    packets: readonly { packet: Buffer; idAt: number }[],
    onLatency: (millis: number) => void,
  ) {
    this.#socket = socket;
    this.#packets = packets;
    this.#onLatency = onLatency;
  }

  /** Sends `count` messages in one write. */
  send(count: number, dueMillis: number): void {
    const parts: Buffer[] = [];
    for (let i = 0; i < count; i += 1) {
      const { packet, idAt } = this.#packets[this.#next]!;
      this.#next = (this.#next + 1) % this.#packets.length;
      this.#id = (this.#id % 65_535) + 1;
      this.#dueMillis[this.#id] = dueMillis;
      const copy = Buffer.from(packet);
      copy.writeUInt16BE(this.#id, idAt);
      parts.push(copy);
    }
    this.outstanding += count;
    this.sent += count;
    this.#socket.write(parts.length === 1 ? parts[0]! : Buffer.concat(parts));
  }

  /** Reads PUBACKs, four bytes each, wherever the chunks break. Returns how many were complete. */
  take(chunk: Buffer): number {
    let complete = 0;
    const now = performance.now();
    for (const byte of chunk) {
      this.#tail = ((this.#tail << 8) | byte) & 0xffff;
      this.#acknowledgeIndex += 1;
      if (this.#acknowledgeIndex < 4) continue;
      this.#acknowledgeIndex = 0;
      complete += 1;
      this.#onLatency(now - this.#dueMillis[this.#tail]!);
    }
    this.outstanding -= complete;
    this.acknowledged += complete;
    return complete;
  }
}

async function openPublisher(
  options: LoadOptions,
  index: number,
  onLatency: (millis: number) => void,
  onRoom: (publisher: Publisher, room: number) => void,
): Promise<Publisher> {
  const own = [];
  for (let sensor = index; sensor < options.sensors; sensor += options.connections)
    own.push(publishPacket(sensor));
  const socket = connect({ host: '127.0.0.1', port: options.port, noDelay: true });
  const publisher = new Publisher(socket, own, onLatency);
  await new Promise<void>((resolve, reject) => {
    socket.once('error', reject);
    socket.write(connectPacket(`load-${process.pid}-${index}`));
    socket.once('data', () => resolve());
  });
  socket.on('data', (chunk: Buffer) => onRoom(publisher, publisher.take(chunk)));
  return publisher;
}

/** Runs one load to its end. */
export async function runLoad(options: LoadOptions): Promise<LoadResult> {
  const samples: number[] = [];
  let isMeasuring = false;
  let isEnding = false;
  const isPaced = options.rate !== undefined;
  const onLatency = (millis: number): void => {
    if (isMeasuring && samples.length < MAX_SAMPLES) samples.push(millis);
  };
  const onRoom = (publisher: Publisher, room: number): void => {
    if (!isPaced && !isEnding && room > 0) publisher.send(room, performance.now());
  };
  const publishers = await Promise.all(
    Array.from({ length: options.connections }, (_, index) =>
      openPublisher(options, index, onLatency, onRoom),
    ),
  );
  const stopPacing = isPaced
    ? pace(publishers, options.rate!)
    : startClosedLoop(publishers, options.inFlight);
  const count = (): number => publishers.reduce((sum, { acknowledged }) => sum + acknowledged, 0);
  await sleep(options.warmUpSeconds);
  isMeasuring = true;
  const [from, began] = [count(), performance.now()];
  await sleep(options.seconds);
  const messagesPerSecond = ((count() - from) * 1000) / (performance.now() - began);
  isMeasuring = false;
  isEnding = true;
  stopPacing();
  for (let waited = 0; waited < 200 && publishers.some(({ outstanding }) => outstanding > 0); waited += 1)
    await sleep(0.05);
  samples.sort((a, b) => a - b);
  const at = (share: number): number =>
    samples[Math.min(samples.length - 1, Math.floor(samples.length * share))] ?? 0;
  return {
    messagesPerSecond,
    sent: publishers.reduce((sum, { sent }) => sum + sent, 0),
    acknowledged: count(),
    latencyMillis: { p50: at(0.5), p99: at(0.99), max: at(1) },
  };
}

function startClosedLoop(publishers: readonly Publisher[], inFlight: number): () => void {
  for (const publisher of publishers) publisher.send(inFlight, performance.now());
  return () => {};
}

/** Open loop: what is due is sent, however late the acknowledgements are. */
function pace(publishers: readonly Publisher[], rate: number): () => void {
  const began = performance.now();
  let sent = 0;
  let turn = 0;
  const timer = setInterval(() => {
    const due = Math.floor(((performance.now() - began) * rate) / 1000);
    for (; sent < due; sent += 1) {
      publishers[turn]!.send(1, began + (sent * 1000) / rate);
      turn = (turn + 1) % publishers.length;
    }
  }, 1);
  return () => clearInterval(timer);
}

function sleep(seconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, seconds * 1000));
}

process.once('message', (options: LoadOptions) => {
  void runLoad(options).then((result) => {
    process.send!(result, () => process.exit(0));
  });
});
