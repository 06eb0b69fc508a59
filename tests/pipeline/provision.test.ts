import { once } from 'node:events';
import {
  appendFileSync,
  existsSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { createServer, request, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  DescribeThingCommand,
  DetachPolicyCommand,
  ListCertificatesCommand,
  ListThingPrincipalsCommand,
  ListThingsCommand,
} from '@aws-sdk/client-iot';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readBundle } from '../../devices/provisioning/bundle.ts';
import { runMesonet, spawnMesonet } from '../../src/cli/rule/run-mesonet.test-support.ts';
import { closed, DeviceFleet } from './device-fleet.test-support.ts';
import { eventually, payloadOf, RunningPipeline } from './running-pipeline.test-support.ts';

let pipeline: RunningPipeline;
let fleet: DeviceFleet;
let out: string;

beforeAll(async () => {
  pipeline = await RunningPipeline.start({ withFunctions: false });
  fleet = new DeviceFleet(pipeline.mesonet);
  out = mkdtempSync(join(tmpdir(), 'mesonet-bundles-'));
}, 60_000);
afterAll(async () => {
  await fleet.end();
  await pipeline.end();
  rmSync(out, { recursive: true, force: true });
});

const argsOf = (...args: string[]): string[] => {
  const { awsEndpoint, caFile } = pipeline.mesonet;
  return ['provision', ...args, '--url', awsEndpoint, '--ca', caFile, '--quiet', '--json', '--out', out];
};

/** What it prints as JSON; its error output when it prints none. */
async function provision<Value = Record<string, unknown>>(
  ...args: string[]
): Promise<{ code: number | null; said: Value; stderr: string }> {
  const { code, stdout, stderr } = await runMesonet(argsOf(...args));
  return { code, said: (stdout === '' ? {} : JSON.parse(stdout)) as Value, stderr };
}

async function principalsOf(thingName: string): Promise<string[]> {
  return (await fleet.iot.send(new ListThingPrincipalsCommand({ thingName }))).principals!;
}

async function activeCertificates(): Promise<number> {
  const { certificates } = await fleet.iot.send(new ListCertificatesCommand({ pageSize: 250 }));
  return certificates!.filter(({ status }) => status === 'ACTIVE').length;
}

const credentialsOf = (name: string) => {
  const { certificatePem: cert, privateKeyPem: key } = readBundle(join(out, name))!;
  return { name, cert, key };
};

describe('mesonet provision', { timeout: 120_000 }, () => {
  it('says in one sentence that nothing runs there, and makes nothing in a dry run', async () => {
    const { code, stderr } = await runMesonet(['provision', '--count', '1', '--url', 'http://127.0.0.1:9']);
    expect([code, stderr.trim()]).toEqual([
      1,
      expect.stringMatching(
        /^Cannot reach http:\/\/127\.0\.0\.1:9: nothing listens there; start the pipeline/,
      ),
    ]);
    const dry = await provision('--count', '3', '--prefix', 'dry', '--dry-run');
    expect(dry.said).toMatchObject({ dryRun: true, devices: 3, things: 0, toMake: 3 });
    expect((await fleet.iot.send(new ListThingsCommand({}))).things).toEqual([]);
  });

  it('makes 20 devices whose bundles let them in, and the same again makes nothing', async () => {
    const first = await provision('--count', '20', '--prefix', 'roof');
    expect(first.stderr).toBe('');
    expect(first).toMatchObject({ code: 0, said: { devices: 20, made: 20, failed: [], leftOver: [] } });
    const folder = join(out, 'roof-0020');
    const mode = (file: string): number => statSync(file).mode & 0o777;
    expect([mode(out), mode(folder), mode(join(folder, 'key.pem'))]).toEqual([0o700, 0o700, 0o600]);
    const client = await fleet.connect(credentialsOf('roof-0020'));
    await client.publishAsync('weather/WA/Seattle/roof-0020/temperature/t', payloadOf(1, Date.now()), {
      qos: 1,
    });
    await client.endAsync();
    const before = await activeCertificates();
    const again = await provision('--count', '20', '--prefix', 'roof');
    expect(again).toMatchObject({ code: 0, said: { made: 0, verified: 20, repaired: 0 } });
    expect([before, await activeCertificates()]).toEqual([20, 20]);
  });

  it('goes on where kill -9 stopped it, and makes nothing twice', async () => {
    const before = await activeCertificates();
    const child = spawnMesonet(...argsOf('--count', '30', '--prefix', 'killed'));
    const manifest = join(out, 'manifest.jsonl');
    const lines = () => readFileSync(manifest, 'utf8').match(/"killed-/g)?.length ?? 0;
    await eventually(lines, (count) => count >= 9);
    child.kill('SIGKILL');
    await once(child, 'close');
    const resumed = await provision<Record<string, number> & { leftOver: string[] }>(
      '--count',
      '30',
      '--prefix',
      'killed',
    );
    const { made, finished, verified, leftOver } = resumed.said;
    expect(resumed.code).toBe(0);
    expect(made! + finished! + verified!).toBe(30);
    expect(finished! + verified!).toBeGreaterThan(0);
    expect(leftOver.length).toBeLessThanOrEqual(8);
    expect(await activeCertificates()).toBe(before + 30);
    const { certificates } = await fleet.iot.send(new ListCertificatesCommand({ pageSize: 250 }));
    const inactive = certificates!.filter(({ status }) => status === 'INACTIVE');
    expect(inactive.map(({ certificateId }) => certificateId).sort()).toEqual([...leftOver].sort());
    for (let number = 1; number <= 30; number++)
      expect(await principalsOf(`killed-${String(number).padStart(4, '0')}`)).toHaveLength(1);
  });

  it('takes names, types and attributes from a table, and what changed in it later', async () => {
    const csv = join(out, '..', `fleet-${process.pid}.csv`);
    writeFileSync(
      csv,
      'thing_name,type,state,city,floor\r\ntable-1,roof,WA,"Seattle",3\r\n__proto__,roof,WA,Ames,\r\n',
    );
    expect((await provision('--csv', csv)).said).toMatchObject({ made: 2, failed: [] });
    expect(readBundle(join(out, 'table-1'))!.config.topics.batch).toBe('weather/WA/Seattle/table-1/batch');
    writeFileSync(csv, 'thing_name,type,state,city,floor\ntable-1,roof,WA,Ames,4\n');
    expect((await provision('--csv', csv)).said).toMatchObject({ repaired: 1 });
    expect(await fleet.iot.send(new DescribeThingCommand({ thingName: 'table-1' }))).toMatchObject({
      thingTypeName: 'roof',
      attributes: { state: 'WA', city: 'Ames', floor: '4' },
    });
    expect(readBundle(join(out, 'table-1'))!.config.topics.batch).toBe('weather/WA/Ames/table-1/batch');
    writeFileSync(csv, 'thing_name\nok\nnot ok\n');
    expect((await provision('--csv', csv)).stderr).toContain(
      `Cannot use line 3 of '${csv}': 'not ok' cannot be`,
    );
    rmSync(csv);
  });

  it('mends what was detached, and makes no second certificate when a bundle is missing', async () => {
    const [target] = await principalsOf('roof-0001');
    await fleet.iot.send(new DetachPolicyCommand({ policyName: fleet.stackPolicy, target: target! }));
    rmSync(join(out, 'roof-0002'), { recursive: true });
    const { code, said } = await provision('--count', '2', '--prefix', 'roof');
    expect(code).toBe(1);
    expect(said).toMatchObject({
      repaired: 1,
      failed: [{ thingName: 'roof-0002', problem: expect.stringContaining('whose key is not in') }],
    });
    expect(await principalsOf('roof-0002')).toHaveLength(1);
    expect((await provision('rotate', 'roof-0002')).code).toBe(0);
  });

  it('waits and asks again when it is throttled', async () => {
    const throttling = await startThrottlingProxy(pipeline.mesonet.awsEndpoint, 5);
    const args = ['provision', '--count', '3', '--prefix', 'slow', '--ca', pipeline.mesonet.caFile];
    const { code, stdout, stderr } = await runMesonet([
      ...args,
      '--out',
      out,
      '--url',
      throttling.url,
      '--json',
      '--quiet',
    ]);
    throttling.server.close();
    expect(stderr).toBe('');
    expect([code, JSON.parse(stdout)]).toEqual([0, expect.objectContaining({ made: 3, failed: [] })]);
    expect(throttling.refused()).toBeGreaterThan(2);
  });
});

describe('mesonet provision revoke', { timeout: 60_000 }, () => {
  it('cuts the connection, says what it did, and the device stays out', async () => {
    const client = await fleet.connect(credentialsOf('roof-0003'));
    const { code, said } = await provision('revoke', 'roof-0003');
    await closed(client);
    const { certificateId } = readBundle(join(out, 'roof-0003'))!.config;
    expect([code, said]).toEqual([
      0,
      {
        revoked: [
          {
            thingName: 'roof-0003',
            certificates: [{ certificateId, status: 'ACTIVE', policies: [fleet.stackPolicy] }],
          },
        ],
      },
    ]);
    await expect(fleet.connect(credentialsOf('roof-0003'))).rejects.toThrow();
    expect(await principalsOf('roof-0003')).toEqual([]);
    expect((await provision('revoke', 'roof-0003')).said).toMatchObject({ revoked: [{ certificates: [] }] });
    expect((await provision('--count', '3', '--prefix', 'roof')).said).toMatchObject({ made: 0, revoked: 1 });
    expect((await provision('revoke', 'nobody')).stderr).toContain(
      "Cannot revoke 'nobody': there is no such thing",
    );
  });
});

describe('mesonet provision rotate', { timeout: 60_000 }, () => {
  it('makes a new certificate, connects with it, and revokes the old one', async () => {
    const old = credentialsOf('roof-0004');
    const client = await fleet.connect(old);
    const { said } = await provision('rotate', 'roof-0004');
    await closed(client);
    expect(said).toMatchObject({ rotated: [{ connected: true, kept: [], revoked: [expect.any(String)] }] });
    await expect(fleet.connect(old)).rejects.toThrow();
    await (await fleet.connect(credentialsOf('roof-0004'))).endAsync();
    expect(await principalsOf('roof-0004')).toHaveLength(1);
  });

  it('keeps the old one until it is asked again, and then makes no third one', async () => {
    const old = credentialsOf('roof-0005');
    const begun = await provision<{ rotated: { certificateId: string }[] }>(
      'rotate',
      'roof-0005',
      '--keep-old',
    );
    await (await fleet.connect(old)).endAsync();
    const ended = await provision<{ rotated: { certificateId: string }[] }>('rotate', 'roof-0005');
    expect(ended.said.rotated[0]!.certificateId).toBe(begun.said.rotated[0]!.certificateId);
    await expect(fleet.connect(old)).rejects.toThrow();
    expect(await principalsOf('roof-0005')).toHaveLength(1);
  });

  it('goes on after a cut between noting the new certificate and writing its bundle', async () => {
    const old = credentialsOf('roof-0006');
    const { certificateId } = readBundle(join(out, 'roof-0006'))!.config;
    const lost = { certificateId: '0'.repeat(64), replaces: [certificateId], atMillis: Date.now() };
    appendFileSync(
      join(out, 'manifest.jsonl'),
      `${JSON.stringify({ thingName: 'roof-0006', state: 'rotating', ...lost })}\n`,
    );
    const { said } = await provision('rotate', 'roof-0006');
    expect(said).toMatchObject({ rotated: [{ revoked: [certificateId], connected: true }] });
    await expect(fleet.connect(old)).rejects.toThrow();
    await (await fleet.connect(credentialsOf('roof-0006'))).endAsync();
    expect(await principalsOf('roof-0006')).toHaveLength(1);
  });

  it('with --now tries no connection, and lets a revoked device in again', async () => {
    expect((await provision('rotate', 'roof-0003', '--now')).said).toMatchObject({
      rotated: [{ connected: false, revoked: [] }],
    });
    await (await fleet.connect(credentialsOf('roof-0003'))).endAsync();
  });
});

describe('mesonet provision list', { timeout: 60_000 }, () => {
  it('shows every device with status and expiry', async () => {
    const { said } = await provision<{ devices: { thingName: string; status: string }[] }>('list');
    expect(said.devices.find(({ thingName }) => thingName === 'roof-0001')).toEqual({
      thingName: 'roof-0001',
      certificateId: readBundle(join(out, 'roof-0001'))!.config.certificateId,
      status: 'ACTIVE',
      notAfterMillis: Date.UTC(2049, 11, 31, 23, 59, 59),
      isAttached: true,
      hasPolicy: true,
      isHere: true,
    });
    await provision('revoke', 'slow-0001');
    const later = await provision<typeof said>('list');
    expect(later.said.devices.find(({ thingName }) => thingName === 'slow-0001')).toMatchObject({
      status: 'REVOKED',
    });
    expect(existsSync(join(out, 'slow-0001', 'key.pem'))).toBe(true);
  });
});

/** Hands requests on, but for every so many-th, which it refuses as AWS does. */
async function startThrottlingProxy(
  target: string,
  every: number,
): Promise<{ url: string; server: Server; refused: () => number }> {
  let seen = 0;
  let refused = 0;
  const server = createServer((incoming, response) => {
    if (++seen % every === 0) {
      refused++;
      incoming.resume();
      response.writeHead(429, {
        'x-amzn-errortype': 'ThrottlingException',
        'content-type': 'application/json',
      });
      response.end('{"message":"Rate exceeded"}');
      return;
    }
    const { method, url } = incoming;
    const headers = { ...incoming.headers, host: new URL(target).host };
    const outgoing = request(new URL(url!, target), { method, headers }, (answer) => {
      response.writeHead(answer.statusCode!, answer.headers);
      answer.pipe(response);
    });
    incoming.pipe(outgoing);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    server,
    refused: () => refused,
  };
}
