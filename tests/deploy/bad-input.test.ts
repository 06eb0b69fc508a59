import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Checkout } from './checkout.test-support.ts';

const CREDENTIALS = { AWS_ACCESS_KEY_ID: 'test', AWS_SECRET_ACCESS_KEY: 'test' };
const RUN_MILLIS = 120_000;

const WRONG: readonly (readonly [string, readonly string[], string])[] = [
  [
    'a stage without parameters',
    ['--stage', 'qa'],
    "Cannot use stage 'qa': serverless.yml has parameters for 'dev', 'prod'; use one of them, or add params.qa",
  ],
  [
    'a region that is none',
    ['--region', 'moon'],
    "Cannot use region 'moon': it is no AWS region, such as 'eu-central-1'",
  ],
  [
    'a parameter with a typing error',
    ['--param', 'readingShards=2'],
    "Cannot use parameter 'readingShards': the stack has ",
  ],
  [
    'a number that is none',
    ['--param', 'readingsShards=many'],
    "Cannot use 'many' for parameter 'readingsShards': it takes a whole number from 1, such as 1",
  ],
  [
    'a retention that costs more than it saves',
    ['--param', 'rawRetentionDays=400'],
    "Cannot use '400' for parameter 'rawRetentionDays': it takes at least 545, because objects go to Deep Archive",
  ],
  [
    'a word that is none of those it takes',
    ['--param', 'dataPolicy=Keep'],
    "Cannot use 'Keep' for parameter 'dataPolicy': it takes 'Delete', 'Retain'",
  ],
  [
    'a time at which no window begins',
    ['--param', 'windows=flink', '--param', 'windowsFrom=2026-11-21T10:05:30Z'],
    "Cannot use '2026-11-21T10:05:30Z' for parameter 'windowsFrom': it takes a whole minute, such as '2026-11-21T11:05:00Z'",
  ],
  [
    'bounds of Flink that leave nothing between them',
    ['--param', 'windows=flink', '--param', 'flinkParallelism=9'],
    "Cannot scale Flink from 9 to 8: 'flinkMaxParallelism' must be at least 'flinkParallelism'",
  ],
];

describe('sls deploy with bad input', () => {
  const checkout = new Checkout();
  let server: Server;
  let requests = 0;
  const deploy = (args: readonly string[], credentials: NodeJS.ProcessEnv) =>
    checkout.sls(['deploy', ...args], {
      ...credentials,
      AWS_ENDPOINT_URL: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
      AWS_EC2_METADATA_DISABLED: 'true',
    });

  beforeAll(async () => {
    server = createServer((_, answer) => {
      requests += 1;
      answer.writeHead(500).end();
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  });

  afterAll(() => {
    server.close();
    checkout.remove();
  });

  it.each(WRONG)(
    'refuses %s in one sentence, before it asks AWS for anything',
    async (_, args, sentence) => {
      const { status, output } = await deploy(args, CREDENTIALS);
      expect(status).toBe(1);
      expect(messageLines(output)).toEqual([expect.stringContaining(sentence)]);
      expect(requests).toBe(0);
    },
    RUN_MILLIS,
  );

  it(
    'says what Flink needs where it is not installed, before there is anything to deploy',
    async () => {
      const { status, output } = await checkout.sls(['package', '--param', 'windows=flink'], { PATH: '' });
      expect(status).toBe(1);
      expect(messageLines(output)[0]).toBe(
        'Cannot build the Flink runner: install a JDK 17 or newer and Maven (Debian: openjdk-17-jdk-headless and maven); the default deploy and npm start do not need it',
      );
    },
    RUN_MILLIS,
  );

  it(
    'says that there are no credentials, before it asks AWS for anything',
    async () => {
      const { status, output } = await deploy([], {});
      expect(status).toBe(1);
      expect(messageLines(output)).toEqual([expect.stringContaining('AWS provider credentials not found.')]);
      expect(requests).toBe(0);
    },
    RUN_MILLIS,
  );
});

/** What stands below `Error:`. */
function messageLines(output: string): readonly string[] {
  return (output.split('Error:\n').at(-1) ?? '').trim().split('\n');
}
