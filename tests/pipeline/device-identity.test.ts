import { readFileSync, statSync } from 'node:fs';
import {
  AttachPolicyCommand,
  CreatePolicyVersionCommand,
  DetachPolicyCommand,
  DetachThingPrincipalCommand,
} from '@aws-sdk/client-iot';
import { describe, expect, it } from 'vitest';
import { closed } from './device-fleet.test-support.ts';
import { eventually } from './running-pipeline.test-support.ts';
import {
  ARN,
  a,
  b,
  expectRefused,
  fleet,
  ledger,
  pipeline,
  reading,
  restart,
  subscribeGrants,
  weather,
} from './two-devices.test-support.ts';

describe('a device with its certificate', () => {
  it('publishes its own readings, with and without Basic Ingest, over MQTT 3.1.1 and 5', async () => {
    for (const protocolVersion of [4, 5] as const) {
      const client = await fleet.connect(a, { protocolVersion });
      const { accepted } = ledger();
      await client.publishAsync(weather('stA'), reading(), { qos: 1 });
      await client.publishAsync(`$aws/rules/telemetry/${weather('stA')}`, reading(), { qos: 1 });
      await client.publishAsync(
        '$aws/rules/telemetry_batch/weather/WA/Seattle/stA/batch',
        JSON.stringify({ readings: [] }),
        { qos: 1 },
      );
      expect(ledger().accepted).toBe(accepted + 3);
      await client.endAsync(true);
    }
  });

  it('is let in by the ALPN name of AWS IoT, and by TLS 1.2 as by TLS 1.3', async () => {
    for (const options of [
      { ALPNProtocols: ['x-amzn-mqtt-ca'] },
      { maxVersion: 'TLSv1.2' as const },
      { minVersion: 'TLSv1.3' as const },
    ]) {
      const client = await fleet.connect(a, options as object);
      expect(client.connected).toBe(true);
      await client.endAsync(true);
    }
  });

  it('trusts a server that the local authority names for localhost and loopback', async () => {
    for (const host of ['localhost', '127.0.0.1']) {
      const client = await fleet.connect(a, { host, rejectUnauthorized: true });
      await client.endAsync(true);
    }
  });
});

describe('the authority', () => {
  it('keeps its keys to their owner, and is the same after a restart', async () => {
    const folder = `${pipeline.folder}/iot-core`;
    for (const name of ['ca.key', 'server.key'])
      expect(statSync(`${folder}/${name}`).mode & 0o777, name).toBe(0o600);
    const before = readFileSync(`${folder}/ca.pem`, 'utf8');
    await restart();
    expect(readFileSync(pipeline.mesonet.caFile, 'utf8')).toBe(before);
    const client = await fleet.connect(a);
    expect(client.connected).toBe(true);
    await client.endAsync(true);
  });
});

describe('device A under the policy of the stack', () => {
  const own = 'stA';
  const other = 'stB';
  /** Verb, topic or filter, allowed or not. */
  const matrix: [string, string, boolean][] = [
    ['publish', weather(own), true],
    ['publish', weather(other), false],
    ['publish', `$aws/rules/telemetry/${weather(own)}`, true],
    ['publish', `$aws/rules/telemetry/${weather(other)}`, false],
    ['publish', `$aws/rules/telemetry_batch/weather/WA/Seattle/${own}/batch`, true],
    ['publish', `$aws/rules/telemetry_batch/weather/WA/Seattle/${other}/batch`, false],
    ['publish', `$aws/rules/other_rule/${weather(own)}`, false],
    ['publish', 'somewhere/else', false],
    ['publish', 'constructor', false],
    ['retain', weather(own), false],
    ['retain', weather(other), false],
    ['will', weather(other), false],
    ['subscribe', `$aws/things/${own}/shadow/get/accepted`, true],
    ['subscribe', `$aws/things/${own}/#`, true],
    ['subscribe', `$aws/things/${other}/#`, false],
    ['subscribe', `$aws/things/${other}/shadow/get/accepted`, false],
    ['subscribe', '$aws/things/+/shadow/get/accepted', false],
    ['subscribe', '$aws/#', false],
    ['subscribe', '#', false],
    ['subscribe', '+/+', false],
    ['subscribe', 'weather/#', false],
    ['subscribe', weather(own), false],
    ['subscribe', `$share/group/$aws/things/${own}/#`, false],
    ['subscribe', '$SYS/#', false],
    ['subscribe', 'constructor', false],
  ];

  it.each(matrix)('may %s %s: %s', async (verb, name, isAllowed) => {
    for (const protocolVersion of [4, 5] as const) {
      const verdict = await attempt(verb, name, protocolVersion);
      expect(verdict, `MQTT ${protocolVersion}`).toBe(isAllowed);
    }
  });

  async function attempt(verb: string, name: string, protocolVersion: 4 | 5): Promise<boolean> {
    if (verb === 'will') return await willArrives(name, protocolVersion);
    const client = await fleet.connect(a, { protocolVersion });
    try {
      if (verb === 'subscribe') {
        const [granted] = await client.subscribeAsync(name, { qos: 1 });
        return granted!.qos < 0x80;
      }
      const { accepted } = ledger();
      const gone = new Promise<void>((resolve) => client.once('close', () => resolve()));
      await Promise.race([
        client.publishAsync(name, reading(), { qos: 1, retain: verb === 'retain' }).catch(() => {}),
        gone,
      ]);
      return ledger().accepted > accepted;
    } catch {
      return false;
    } finally {
      await client.endAsync(true);
    }
  }

  async function willArrives(topic: string, protocolVersion: 4 | 5): Promise<boolean> {
    const { accepted } = ledger();
    const client = await fleet.connect(a, {
      protocolVersion,
      will: { topic, payload: Buffer.from('gone'), qos: 1, retain: false },
    });
    await expectRefused('iot:Publish is not allowed by any policy', async () => client.stream.destroy());
    return ledger().accepted > accepted;
  }

  it('may not connect as B, nor as anybody who is no thing of its own', async () => {
    for (const clientId of ['stB', 'stC', '__proto__', '*'])
      await expectRefused('iot:Connect is not allowed by any policy', async () => {
        await expect(fleet.connect(a, { clientId })).rejects.toThrow(/Not authorized/i);
      });
  });

  it('cannot push B off its connection', async () => {
    const victim = await fleet.connect(b);
    await expect(fleet.connect(a, { clientId: 'stB' })).rejects.toThrow();
    await victim.publishAsync(weather('stB'), reading(), { qos: 1 });
    expect(victim.connected).toBe(true);
    await victim.endAsync(true);
  });
});

describe('a refusal', () => {
  it('closes the connection of MQTT 3.1.1, and is kept for the trace', async () => {
    const client = await fleet.connect(a, { protocolVersion: 4 });
    await expectRefused('iot:Publish is not allowed by any policy', async () => {
      client.publish(weather('stB'), reading(), { qos: 1 });
      await closed(client);
    });
    const answer = await pipeline.get<object>(`/v1/trace?topic=${encodeURIComponent(weather('stB'))}`);
    expect(JSON.stringify(answer)).toContain('iot:Publish is not allowed by any policy');
  });

  it('is reason code 0x87 for MQTT 5, and the connection stays', async () => {
    const client = await fleet.connect(a, { protocolVersion: 5 });
    await expect(client.publishAsync(weather('stB'), reading(), { qos: 1 })).rejects.toMatchObject({
      code: 0x87,
    });
    await expect(subscribeGrants(client, 'weather/#')).resolves.toEqual([0x87]);
    expect(client.connected).toBe(true);
    await client.endAsync(true);
    await expect(fleet.connect(a, { protocolVersion: 5, clientId: 'stB' })).rejects.toMatchObject({
      code: 0x87,
    });
  });

  it('is 0x80 in the SUBACK of MQTT 3.1.1, for each filter by itself', async () => {
    const client = await fleet.connect(a, { protocolVersion: 4 });
    await expect(subscribeGrants(client, '$aws/things/stA/#', 'weather/#')).resolves.toEqual([1, 0x80]);
    await client.endAsync(true);
  });

  it('follows a retained publish without RetainPublish, and not one with it', async () => {
    await fleet.createPolicy(
      'retains',
      { Effect: 'Allow', Action: ['iot:Connect', 'iot:Publish'], Resource: '*' },
      { Effect: 'Allow', Action: 'iot:RetainPublish', Resource: `${ARN}topic/kept` },
    );
    const device = await fleet.provision('retainer', ['retains']);
    const client = await fleet.connect(device, { protocolVersion: 5 });
    await client.publishAsync('kept', 'x', { qos: 1, retain: true });
    await client.publishAsync('not-kept', 'x', { qos: 1 });
    await expect(client.publishAsync('not-kept', 'x', { qos: 1, retain: true })).rejects.toMatchObject({
      code: 0x87,
    });
    await client.endAsync(true);
  });

  it('of Receive drops the message for one subscriber, and is counted apart', async () => {
    await fleet.createPolicy(
      'receives',
      { Effect: 'Allow', Action: ['iot:Connect', 'iot:Subscribe'], Resource: '*' },
      { Effect: 'Allow', Action: 'iot:Receive', Resource: `${ARN}topic/news/*` },
      { Effect: 'Deny', Action: 'iot:Receive', Resource: `${ARN}topic/news/secret` },
    );
    const device = await fleet.provision('receiver', ['receives']);
    const client = await fleet.connect(device);
    const topics: string[] = [];
    client.on('message', (topic) => topics.push(topic));
    await client.subscribeAsync(['news/#', 'gossip'], { qos: 1 });
    const publisher = await pipeline.connect();
    for (const topic of ['news/secret', 'gossip', 'news/open'])
      await publisher.publishAsync(topic, 'x', { qos: 1 });
    await eventually(
      () => topics,
      (each) => each.length > 0,
    );
    expect(topics).toEqual(['news/open']);
    const stage = ledger().stages.find(({ stage }) => stage === 'refused deliveries');
    expect(stage?.dropped).toEqual({
      "iot:Receive is denied by statement 2 of policy 'receives'": 1,
      'iot:Receive is not allowed by any policy': 1,
    });
    await Promise.all([client.endAsync(true), publisher.endAsync(true)]);
  });
});

describe('a change of the registry', () => {
  it('cuts the connection of a certificate that is revoked, inactive or detached from its thing', async () => {
    const device = await fleet.provision('leaver');
    for (const status of ['INACTIVE', 'REVOKED'] as const) {
      const client = await fleet.connect(device);
      await expectRefused(`certificate is ${status}`, async () => {
        await fleet.setStatus(device, status);
        await closed(client);
      });
      await expectRefused(`certificate is ${status}`, async () => {
        await expect(fleet.connect(device)).rejects.toThrow();
      });
      await fleet.setStatus(device, 'ACTIVE');
    }
    for (const id of [device.name, device.certificateId]) {
      const topic = encodeURIComponent(`$aws/events/presence/connect_failed/${id}`);
      expect(JSON.stringify(await pipeline.get<object>(`/v1/trace?topic=${topic}`)), id).toContain(
        'certificate is REVOKED',
      );
    }
    const client = await fleet.connect(device, { protocolVersion: 5 });
    await client.publishAsync(weather('leaver'), reading(), { qos: 1 });
    await fleet.iot.send(
      new DetachThingPrincipalCommand({ thingName: 'leaver', principal: device.certificateArn }),
    );
    await expect(client.publishAsync(weather('leaver'), reading(), { qos: 1 })).rejects.toMatchObject({
      code: 0x87,
    });
    await client.endAsync(true);
  });

  it('counts for the next message of a connection that is open', async () => {
    const allow = (Resource: string) => ({
      Version: '2012-10-17',
      Statement: [{ Effect: 'Allow', Action: ['iot:Connect', 'iot:Publish'], Resource }],
    });
    await fleet.createPolicy('changes', ...allow('*').Statement);
    const device = await fleet.provision('changer', ['changes']);
    const client = await fleet.connect(device, { protocolVersion: 5 });
    const publish = () => client.publishAsync('x', 'x', { qos: 1 });
    await publish();
    await fleet.iot.send(
      new CreatePolicyVersionCommand({
        policyName: 'changes',
        policyDocument: JSON.stringify(allow(`${ARN}client/*`)),
        setAsDefault: true,
      }),
    );
    await expect(publish()).rejects.toMatchObject({ code: 0x87 });
    const target = device.certificateArn;
    await fleet.createPolicy('all', ...allow('*').Statement);
    await fleet.iot.send(new AttachPolicyCommand({ policyName: 'all', target }));
    await publish();
    await fleet.iot.send(new DetachPolicyCommand({ policyName: 'all', target }));
    await expect(publish()).rejects.toMatchObject({ code: 0x87 });
    await client.endAsync(true);
  });
});
