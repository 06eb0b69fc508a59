/** MQTT 3.1.1 as bytes, with no client's queues or timers between the load and the socket. */
const CONNACK = 2;
const PUBACK = 4;

/** The longest that AWS IoT Core grants: a device that waits for the work behind it sends no pings, and is not to be cut for it. */
const KEEP_ALIVE_SECONDS = 1200;

export function encodeConnect(clientId: string): Buffer {
  const id = Buffer.from(clientId);
  const variable = Buffer.from([
    0,
    4,
    ...Buffer.from('MQTT'),
    4,
    2,
    KEEP_ALIVE_SECONDS >> 8,
    KEEP_ALIVE_SECONDS & 255,
  ]);
  return packet(0x10, Buffer.concat([variable, lengthOf(id), id]));
}

export function encodePublish(topic: string, payload: string, packetId: number): Buffer {
  const name = Buffer.from(topic);
  return packet(
    0x32,
    Buffer.concat([lengthOf(name), name, Buffer.from([packetId >> 8, packetId & 255]), Buffer.from(payload)]),
  );
}

function lengthOf(bytes: Buffer): Buffer {
  return Buffer.from([bytes.length >> 8, bytes.length & 255]);
}

function packet(first: number, body: Buffer): Buffer {
  const header = [first];
  let rest = body.length;
  do {
    header.push((rest & 127) | (rest > 127 ? 128 : 0));
    rest >>= 7;
  } while (rest > 0);
  return Buffer.concat([Buffer.from(header), body]);
}

/** What a broker says to somebody who only publishes. */
export type Answer =
  | { readonly kind: 'connected' }
  | { readonly kind: 'acknowledged'; readonly packetId: number };

/** Cuts a byte stream into answers; both are four bytes long. */
export class AnswerReader {
  #rest: Buffer = Buffer.alloc(0);

  /** @throws Error for a packet that nobody asked for */
  read(chunk: Buffer): Answer[] {
    const bytes = this.#rest.length === 0 ? chunk : Buffer.concat([this.#rest, chunk]);
    const answers: Answer[] = [];
    let at = 0;
    for (; at + 4 <= bytes.length; at += 4) {
      const type = bytes[at]! >> 4;
      if (bytes[at + 1] !== 2 || (type !== CONNACK && type !== PUBACK))
        throw new Error(`Unexpected packet ${bytes.toString('hex', at, at + 8)}`);
      if (type === PUBACK) answers.push({ kind: 'acknowledged', packetId: bytes.readUInt16BE(at + 2) });
      else answers.push({ kind: 'connected' });
    }
    this.#rest = bytes.subarray(at);
    return answers;
  }
}
