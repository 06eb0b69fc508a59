import { readFileSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { join } from 'node:path';
import { connect as mqttPacket } from 'mqtt';
import { publish, RuntimeClient, readingOf } from '../runtime-client.ts';
import { type FaultScenario, must } from '../scenario.ts';

const MAX_GAP_MILLIS = 5000;
const MAX_GROWTH_BYTES = 400 * 1024 * 1024;

export const scenario: FaultScenario = {
  name: 'slow-consumers',
  what: 'a subscriber of everything and a page on /v1/live stop reading while others publish 2 KB messages',
  passMark:
    'publishers get their acknowledgements (longest gap below 5 s), memory stays bounded, everything is kept',
  async run({ folder, isLong }) {
    const messages = isLong ? 50_000 : 3000;
    const client = await RuntimeClient.start(join(folder, 'data'));
    const sockets: Socket[] = [];
    try {
      sockets.push(await stalledSubscriber(client), await stalledPage(client));
      const before = residentBytes(client.process.pid);
      const longestGapMillis = await publishMany(client, messages);
      const growth = residentBytes(client.process.pid) - before;
      must(longestGapMillis < MAX_GAP_MILLIS, `A publisher waits ${longestGapMillis.toFixed(0)} ms`);
      must(growth < MAX_GROWTH_BYTES, `Memory grows by ${(growth / 1e6).toFixed(0)} MB`);
      const onStream = (await client.stream('readings')).length;
      must(onStream === messages, `${onStream} of ${messages} readings are on the stream`);
      return `${messages} messages acknowledged, longest gap ${longestGapMillis.toFixed(0)} ms, memory +${(growth / 1e6).toFixed(0)} MB`;
    } finally {
      for (const socket of sockets) socket.destroy();
      await client.kill();
    }
  },
};

/** Subscribes, then never reads again. */
async function stalledSubscriber(client: RuntimeClient): Promise<Socket> {
  const { port } = client.ready.mqtt;
  const mqtt = mqttPacket({ host: '127.0.0.1', port, reconnectPeriod: 0 });
  mqtt.on('error', () => {});
  await new Promise((resolve) => mqtt.once('connect', resolve));
  await mqtt.subscribeAsync('weather/#', { qos: 1 });
  const stream = mqtt.stream as unknown as Socket;
  stream.pause();
  stream.removeAllListeners('data');
  stream.removeAllListeners('readable');
  return stream;
}

async function stalledPage(client: RuntimeClient): Promise<Socket> {
  const { hostname, port } = new URL(client.ready.http);
  const socket = connect(Number(port), hostname);
  await new Promise((resolve) => socket.once('connect', resolve));
  socket.write(`GET /v1/live HTTP/1.1\r\nHost: ${hostname}:${port}\r\nAccept: text/event-stream\r\n\r\n`);
  await new Promise((resolve) => socket.once('data', resolve));
  socket.pause();
  return socket;
}

/** Returns the longest time between two acknowledgements. */
async function publishMany(client: RuntimeClient, messages: number): Promise<number> {
  const mqtt = await client.connect();
  const note = 'x'.repeat(2000);
  let last = performance.now();
  let longest = 0;
  let sent = 0;
  const lane = async (): Promise<void> => {
    while (sent < messages) {
      sent += 1;
      await publish(mqtt, readingOf(sent, { note }), `s${sent % 50}`);
      const now = performance.now();
      longest = Math.max(longest, now - last);
      last = now;
    }
  };
  await Promise.all(Array.from({ length: 20 }, lane));
  return longest;
}

function residentBytes(pid: number): number {
  const [, pages = '0'] = readFileSync(`/proc/${pid}/statm`, 'utf8').split(' ');
  return Number(pages) * 4096;
}
