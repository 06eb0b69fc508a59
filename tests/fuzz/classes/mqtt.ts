import { connect } from 'node:net';
import { RunningPipeline } from '../../pipeline/running-pipeline.test-support.ts';
import type { SeededRandom } from '../../simulation/seeded-random.ts';
import { encodeConnect, encodePublish } from '../../soak/mqtt-bytes.ts';
import { type FuzzClass, holds } from '../fuzz-class.ts';
import { mutate, piecesOf } from '../mutate.ts';

const TOPIC = 'weather/WA/Seattle/st-1/power/s-1';
const PAYLOAD = '{"sensor_timestamp":1472611226005,"sensor_value":0.61}';
const hex = (text: string): Buffer => Buffer.from(text.replaceAll(' ', ''), 'hex');

/** One of each type, MQTT 3.1.1 and 5, and those that have hurt brokers. */
const PACKETS: readonly Buffer[] = [
  encodePublish(TOPIC, PAYLOAD, 1),
  encodePublish('$aws/rules/telemetry/a', PAYLOAD, 2),
  hex('20 02 00 00'),
  hex('40 02 00 01'),
  hex('50 02 00 01'),
  hex('62 02 00 01'),
  hex('70 02 00 01'),
  hex('82 08 00 01 00 03 61 2f 23 01'),
  hex('90 03 00 01 00'),
  hex('a2 07 00 02 00 03 61 2f 23'),
  hex('b0 02 00 02'),
  hex('c0 00'),
  hex('d0 00'),
  hex('e0 00'),
  hex('f0 00'),
  hex('f0 02 00 00'),
  hex('30 02 00 00'),
  hex('36 07 00 01 61 00 01 78 79'),
  hex('32 05 00 01 61 00 00'),
  hex('10 ff ff ff 7f'),
  hex('10 1a 00 04 4d 51 54 54 05 02 00 3c 0a 11 00 00 00 3c 21 00 0a 22 00 0a 00 00 01 78'),
  hex('10 18 00 04 4d 51 54 54 04 06 00 3c 00 01 78 00 03 61 2f 23 00 03 62 79 65'),
  encodeConnect('__proto__'),
];
const PIECES = [
  ...PACKETS,
  ...piecesOf('a/# + # $SYS/# $share/g/a weather/WA'),
  hex('00'),
  hex('ff'),
  hex('ff ff ff 7f'),
  hex('00 00'),
  hex('ff ff'),
];

const MAX_PACKETS = 3;
const SILENCE_MILLIS = 40;

function drawConversation(random: SeededRandom): Buffer {
  const packets = Array.from({ length: random.between(1, MAX_PACKETS) }, () => {
    const packet = random.pick(PACKETS);
    return random.chance(0.8) ? mutate(packet, random, PIECES) : packet;
  });
  const opening = random.chance(0.85) ? [encodeConnect(`fuzz-${random.between(0, 99)}`)] : [];
  return Buffer.concat([...opening, ...packets]);
}

/** Says it all at once, hears what comes back for a moment, and is gone. */
function talk(port: number, bytes: Buffer): Promise<void> {
  return new Promise((resolve) => {
    const socket = connect({ host: '127.0.0.1', port });
    socket.on('error', () => {});
    socket.on('data', () => {});
    socket.once('close', () => resolve());
    socket.once('connect', () => socket.write(bytes));
    socket.setTimeout(SILENCE_MILLIS, () => socket.destroy());
  });
}

/** Bytes on the socket of a running broker; after each group another client publishes and is answered. */
export const mqttBytes: FuzzClass = {
  name: 'mqtt-bytes',
  counts: { ci: 4000, long: 50_000 },
  groupSize: 32,
  isRemote: true,
  isWhole: true,
  open: async () => {
    const pipeline = await RunningPipeline.start({ withFunctions: false, insecureLocal: true });
    const other = await pipeline.connect({ clientId: 'the-other' });
    const { port } = pipeline.mesonet.mqtt;
    return {
      generate: drawConversation,
      check: (input) => talk(port, input),
      look: async () => {
        const start = performance.now();
        await other.publishAsync(TOPIC, PAYLOAD, { qos: 1 });
        holds(other.connected, () => 'another client was cut');
        holds(performance.now() - start < 10_000, () => 'another client waited for ten seconds');
        const broken = pipeline.mesonet.ledger().stages.filter(({ balanced }) => !balanced);
        holds(broken.length === 0, () => `a stage does not balance: ${JSON.stringify(broken[0])}`);
      },
      close: () => pipeline.end(),
    };
  },
};
