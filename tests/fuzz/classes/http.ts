import { connect } from 'node:net';
import { gzipSync } from 'node:zlib';
import { RunningPipeline } from '../../pipeline/running-pipeline.test-support.ts';
import type { SeededRandom } from '../../simulation/seeded-random.ts';
import { type FuzzClass, holds } from '../fuzz-class.ts';
import { mutate, piecesOf } from '../mutate.ts';

const PATHS =
  '/ /v1/health /v1/readings /v1/ledger /v1/sensors /v1/sensors/x/samples?from=0&to=1 /v1/windows?sensor_id=__proto__ /v1/trace?topic=a /../../etc/passwd /%2e%2e/package.json /%00 /%E0%A4%A //evil.example/ /__proto__ /v1/sensors/%2e%2e%2f/latest ? * http://evil.example/'.split(
    ' ',
  );
const METHODS = 'GET POST PUT DELETE HEAD OPTIONS PATCH TRACE CONNECT PRI get'.split(' ');
const BOMB = gzipSync(Buffer.alloc(8 * 1024 * 1024, '['), { level: 9 });
const BODIES: readonly Buffer[] = [
  Buffer.from('[{"sensor_value":1}]'),
  Buffer.from('['.repeat(5000)),
  Buffer.from('5\r\nhello\r\n'),
  Buffer.from('ffffffff\r\nx'),
  Buffer.from('0\r\n\r\nGET /v1/health HTTP/1.1\r\nhost: x\r\n\r\n'),
  BOMB,
];
const HEADERS = [
  'content-length: 99999',
  'content-length: 0',
  'content-length: -1',
  'content-length: 1\r\ncontent-length: 2',
  'transfer-encoding: chunked',
  'transfer-encoding: chunked\r\ncontent-length: 5',
  'content-encoding: gzip',
  'content-type: application/json',
  'expect: 100-continue',
  'connection: upgrade\r\nupgrade: websocket',
  'x-http-method-override: POST',
  'range: bytes=0-1,5-,-9',
  'origin: http://evil.example',
  `x: ${'a'.repeat(20_000)}`,
  ...[...Array(3).keys()].map((at) =>
    Array.from({ length: 10 ** at * 20 }, (_, index) => `h${index}: 1`).join('\r\n'),
  ),
  ' folded: 1',
  '__proto__: 1',
];
const PIECES = [
  ...piecesOf('HTTP/1.1 HTTP/9.9 : % / .. ? & = # chunked'),
  Buffer.from('\r\n'),
  Buffer.from('\n'),
  Buffer.from([0]),
  Buffer.from([0xff]),
];
const SILENCE_MILLIS = 120;

function drawRequest(random: SeededRandom, place: { host: string; token: string }): Buffer {
  const host = random.chance(0.9) ? place.host : random.pick(['evil.example', '', 'localhost:1']);
  const headers = Array.from({ length: random.between(0, 3) }, () => random.pick(HEADERS));
  if (random.chance(0.7)) headers.push(`authorization: Bearer ${place.token}`);
  const head = `${random.pick(METHODS)} ${random.pick(PATHS)} HTTP/1.1\r\nhost: ${host}\r\n${headers.join('\r\n')}${headers.length ? '\r\n' : ''}\r\n`;
  const body = random.chance(0.6) ? random.pick(BODIES) : Buffer.alloc(0);
  const whole = Buffer.concat([Buffer.from(head), body]);
  return random.chance(0.6) ? mutate(whole, random, PIECES) : whole;
}

/** The beginning of what is answered; nothing when the connection is closed, or silent, instead. */
function ask(port: number, bytes: Buffer): Promise<string> {
  return new Promise((resolve) => {
    const socket = connect({ host: '127.0.0.1', port });
    let answer = '';
    socket.on('error', () => {});
    socket.on('data', (chunk: Buffer) => {
      answer = (answer + chunk.toString('latin1')).slice(0, 4000);
    });
    socket.once('close', () => resolve(answer));
    socket.once('connect', () => socket.write(bytes));
    socket.setTimeout(SILENCE_MILLIS, () => socket.destroy());
  });
}

/** Not implemented, and a method or a version that there is not, are answers; a fault of the server is none. */
const FAULT = /^HTTP\/1\.1 (500|502|504) /;

/** Bytes on the socket of the page and the API; after each group others are answered as ever. */
export const httpRequests: FuzzClass = {
  name: 'http-requests',
  counts: { ci: 2000, long: 20_000 },
  groupSize: 16,
  isRemote: true,
  isWhole: true,
  open: async () => {
    const pipeline = await RunningPipeline.start({ withFunctions: false });
    const { host, port } = new URL(pipeline.mesonet.http);
    const place = { host, token: pipeline.mesonet.token };
    return {
      generate: (random) => drawRequest(random, place),
      check: async (input) => {
        const answer = await ask(Number(port), input);
        holds(!FAULT.test(answer), () => `answered ${answer}`);
        holds(!answer.includes('root:x:0'), () => 'it gave a file of the machine');
      },
      look: async () => {
        const { status } = await fetch(`${pipeline.mesonet.http}/v1/health`);
        holds(status === 200, () => `others are answered with ${status}`);
      },
      close: () => pipeline.end(),
    };
  },
};
