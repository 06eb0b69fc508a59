import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { setTimeout } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { findTool } from '../tools/find-tool.test-support.ts';
import { type DeviceCredentials, DeviceFleet } from './device-fleet.test-support.ts';
import { eventually, RunningPipeline } from './running-pipeline.test-support.ts';

const publisher = findTool('mosquitto_pub', 'mosquitto-clients');
const subscriber = findTool('mosquitto_sub', 'mosquitto-clients');

let pipeline: RunningPipeline;
let fleet: DeviceFleet;
let folder: string;
let roof: DeviceCredentials;

interface Ended {
  readonly code: number | null;
  readonly output: string;
}

/** The files of a bundle, as `mesonet provision` writes them. */
function bundle({ name, cert, key }: Pick<DeviceCredentials, 'name' | 'cert' | 'key'>): string[] {
  const [certFile, keyFile] = [join(folder, `${name}.pem`), join(folder, `${name}.key`)];
  writeFileSync(certFile, cert);
  writeFileSync(keyFile, key, { mode: 0o600 });
  return ['--cert', certFile, '--key', keyFile];
}

async function run(tool: string, args: readonly string[]): Promise<Ended> {
  const { host, port } = pipeline.mesonet.mqtts;
  const child = spawn(tool, ['-h', host, '-p', String(port), '--cafile', pipeline.mesonet.caFile, ...args]);
  child.stdin.end();
  const output = Promise.all([text(child.stdout), text(child.stderr)]);
  const code = await new Promise<number | null>((resolve) => child.once('close', resolve));
  return { code, output: (await output).join('') };
}

const publish = (...args: string[]): Promise<Ended> =>
  run(publisher!, [...bundle(roof), '-i', roof.name, '-d', ...args]);
const reading = (value: number): string =>
  JSON.stringify({ sensor_timestamp: pipeline.nowMillis, sensor_value: value });
const accepted = (): number => pipeline.mesonet.ledger().accepted;
const OWN = 'weather/WA/Seattle/roof/temperature/roof-t';
const SHADOW = '$aws/things/roof/shadow';

describe.skipIf(!publisher || !subscriber)("mosquitto's clients", { timeout: 60_000 }, () => {
  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'mesonet-mosquitto-'));
    pipeline = await RunningPipeline.start({ withFunctions: false });
    fleet = new DeviceFleet(pipeline.mesonet);
    await fleet.createPolicy('keeps', {
      Effect: 'Allow',
      Action: ['iot:RetainPublish', 'iot:Publish'],
      Resource: '*',
    });
    await fleet.createPolicy('listens', {
      Effect: 'Allow',
      Action: ['iot:Connect', 'iot:Subscribe', 'iot:Receive'],
      Resource: '*',
    });
    roof = await fleet.provision('roof');
  }, 60_000);
  afterAll(async () => {
    await fleet.end();
    await pipeline.end();
    rmSync(folder, { recursive: true, force: true });
  });

  /** Somebody who may hear everything, until so many messages have come. */
  function listen(name: string, args: readonly string[]): Promise<Ended> {
    return (async () => {
      const device = await fleet.provision(name, ['listens']);
      return run(subscriber!, [...bundle(device), '-i', name, '-W', '20', ...args]);
    })();
  }

  describe.each(['mqttv311', 'mqttv5'])('with %s', (version) => {
    const v = ['-V', version];

    it('publish with QoS 0 and 1', async () => {
      for (const qos of ['0', '1']) {
        const before = accepted();
        const { code, output } = await publish(...v, '-q', qos, '-t', OWN, '-m', reading(20));
        expect([code, output]).toEqual([0, expect.stringContaining('sending PUBLISH')]);
        if (qos === '1') expect(output).toContain('received PUBACK');
        await eventually(accepted, (count) => count === before + 1);
      }
    });

    it('hear what others publish', async () => {
      const heard = listen(`ear-${version}`, [...v, '-t', 'weather/#', '-q', '1', '-C', '1']);
      for (let tries = 0; tries < 20; tries++) {
        await publish(...v, '-q', '1', '-t', OWN, '-m', '{"heard":1}');
        if (await Promise.race([heard.then(() => true), setTimeout(300, false)])) break;
      }
      expect(await heard).toMatchObject({ code: 0, output: expect.stringContaining('{"heard":1}') });
    });

    it('get a retained message on its very topic', async () => {
      const keeper = await fleet.provision(`keeper-${version}`, ['keeps', 'listens']);
      const kept = await run(publisher!, [
        ...bundle(keeper),
        '-i',
        keeper.name,
        ...v,
        '-q',
        '1',
        '-r',
        '-t',
        `kept/${version}`,
        '-m',
        'last words',
      ]);
      expect(kept.code).toBe(0);
      const heard = await listen(`late-${version}`, [
        ...v,
        '-t',
        `kept/${version}`,
        '-C',
        '1',
        '-F',
        '%r %p',
      ]);
      expect(heard.output).toContain('1 last words');
    });

    it('leave a will', async () => {
      const topic = `wills/${version}`;
      const heard = listen(`heir-${version}`, [...v, '-t', topic, '-C', '1']);
      const dying = await fleet.provision(`dying-${version}`, ['keeps', 'listens']);
      for (let tries = 0; tries < 20; tries++) {
        const child = spawn(subscriber!, [
          ...['-h', pipeline.mesonet.mqtts.host, '-p', String(pipeline.mesonet.mqtts.port)],
          ...[
            '--cafile',
            pipeline.mesonet.caFile,
            ...bundle(dying),
            '-i',
            dying.name,
            ...v,
            '-t',
            'nothing',
            '-d',
          ],
          ...['--will-topic', topic, '--will-payload', 'gone', '--will-qos', '1'],
        ]);
        await setTimeout(300);
        child.kill('SIGKILL');
        if (await Promise.race([heard.then(() => true), setTimeout(300, false)])) break;
      }
      expect(await heard).toMatchObject({ code: 0, output: expect.stringContaining('gone') });
    });

    it('find in their session what came while they were away', async () => {
      const name = `sleeper-${version}`;
      const sleeper = await fleet.provision(name, ['listens']);
      const session = [
        ...bundle(sleeper),
        '-i',
        name,
        ...v,
        '-q',
        '1',
        '-t',
        'weather/#',
        '-c',
        ...(version === 'mqttv5' ? ['-x', '600'] : []),
      ];
      await run(subscriber!, [...session, '-E']);
      await publish(...v, '-q', '1', '-t', OWN, '-m', '{"while":"away"}');
      const heard = await run(subscriber!, [...session, '-C', '1', '-W', '20']);
      expect(heard.output).toContain('{"while":"away"}');
    });

    it('follow the delta of a shadow', async () => {
      const delta = run(subscriber!, [
        ...bundle(roof),
        '-i',
        'roof',
        ...v,
        '-t',
        `${SHADOW}/update/delta`,
        '-C',
        '1',
        '-W',
        '20',
      ]);
      // The control room speaks under a name of its own.
      const room = await fleet.provision(`room-${version}`, ['keeps', 'listens']);
      const interval = String(version.length);
      for (let tries = 0; tries < 20; tries++) {
        const desired = JSON.stringify({ state: { desired: { interval: `${interval}-${tries}` } } });
        await run(publisher!, [
          ...bundle(room),
          '-i',
          room.name,
          ...v,
          '-q',
          '1',
          '-t',
          `${SHADOW}/update`,
          '-m',
          desired,
        ]);
        if (await Promise.race([delta.then(() => true), setTimeout(300, false)])) break;
      }
      expect(await delta).toMatchObject({ code: 0, output: expect.stringContaining('"interval":') });
    });

    it('are refused what is not allowed', async () => {
      const before = accepted();
      const wrong = await publish(
        ...v,
        '-q',
        '1',
        '-t',
        'weather/WA/Seattle/cellar/temperature/c',
        '-m',
        '1',
      );
      if (version === 'mqttv5') expect(wrong.output).toMatch(/not authori[sz]ed|135|0x87/i);
      else expect(wrong.output).not.toContain('received PUBACK');
      const nobody = await run(publisher!, ['-i', 'roof', ...v, '-t', OWN, '-m', '1']);
      expect(nobody.code).not.toBe(0);
      const other = await run(publisher!, [...bundle(roof), '-i', 'cellar', ...v, '-t', OWN, '-m', '1']);
      expect([other.code === 0, other.output]).toEqual([false, expect.stringMatching(/not authori[sz]ed/i)]);
      const everything = await run(subscriber!, [
        ...bundle(roof),
        '-i',
        'roof',
        ...v,
        '-t',
        '#',
        '-W',
        '3',
        '-d',
      ]);
      expect(everything.output).toMatch(
        version === 'mqttv5' ? /135|not authori[sz]ed/i : /128|rejected|denied/i,
      );
      const gone = await fleet.provision(`gone-${version}`);
      await fleet.setStatus(gone, 'REVOKED');
      const revoked = await run(publisher!, [...bundle(gone), '-i', gone.name, ...v, '-t', OWN, '-m', '1']);
      expect(revoked.code).not.toBe(0);
      expect(accepted()).toBe(before);
    });

    it('hear nothing of a topic by its name and /#', async () => {
      const heard = listen(`strict-${version}`, [...v, '-t', `tree/${version}/#`, '-C', '1', '-F', '%t']);
      const gardener = await fleet.provision(`gardener-${version}`, ['keeps', 'listens']);
      const say = (topic: string) =>
        run(publisher!, [...bundle(gardener), '-i', gardener.name, ...v, '-q', '1', '-t', topic, '-m', 'x']);
      for (let tries = 0; tries < 20; tries++) {
        await say(`tree/${version}`);
        await say(`tree/${version}/leaf`);
        if (await Promise.race([heard.then(() => true), setTimeout(300, false)])) break;
      }
      expect((await heard).output.trim()).toBe(`tree/${version}/leaf`);
    });
  });
});
