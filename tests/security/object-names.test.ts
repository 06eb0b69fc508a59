import {
  AttachThingPrincipalCommand,
  CreateThingCommand,
  CreateThingTypeCommand,
  DescribeThingCommand,
  ListThingsCommand,
} from '@aws-sdk/client-iot';
import {
  GetThingShadowCommand,
  IoTDataPlaneClient,
  UpdateThingShadowCommand,
} from '@aws-sdk/client-iot-data-plane';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { DeviceFleet } from '../pipeline/device-fleet.test-support.ts';
import { clientOptions, meterReading, post } from '../pipeline/gateway.test-support.ts';
import { eventually, payloadOf, RunningPipeline } from '../pipeline/running-pipeline.test-support.ts';

/** As client ids, topics and filters they are in tests/pipeline/tls-listener.test.ts. */
const NAMES = [
  '__proto__',
  'constructor',
  'prototype',
  'toString',
  'hasOwnProperty',
  'valueOf',
  '__defineGetter__',
];
const POLLUTED =
  '"__proto__":{"polluted":1},"constructor":{"prototype":{"polluted":1}},"\\u005f_proto__":{"polluted":1}';

let pipeline: RunningPipeline;
let fleet: DeviceFleet;
const properties = Reflect.ownKeys(Object.prototype).map(String).sort();

beforeAll(async () => {
  pipeline = await RunningPipeline.start({ insecureLocal: true });
  fleet = new DeviceFleet(pipeline.mesonet);
}, 60_000);
afterAll(async () => {
  await fleet.end();
  await pipeline.end();
});
afterEach(async () => {
  expect(Reflect.ownKeys(Object.prototype).map(String).sort()).toEqual(properties);
  expect(Reflect.ownKeys(Array.prototype)).not.toContain('polluted');
  expect(({} as Record<string, unknown>).polluted).toBeUndefined();
  expect(await pipeline.get<{ status: string }>('/v1/health')).toMatchObject({ status: 'ok' });
});

describe('names that every object has', () => {
  it.each(NAMES)('are levels of a topic, and ids of sensors: %s', async (name) => {
    const client = await pipeline.connect();
    const { accepted } = pipeline.mesonet.ledger();
    for (const topic of [
      `weather/${name}/${name}/${name}/${name}/${name}`,
      `weather/WA/Seattle/stA/temperature/${name}`,
      `${name}/${name}`,
      `$aws/rules/${name}/x`,
      `$aws/rules/telemetry/weather/${name}/${name}/${name}/${name}/${name}`,
    ])
      await client.publishAsync(topic, payloadOf(1, pipeline.nowMillis), { qos: 1 });
    expect(pipeline.mesonet.ledger().accepted).toBe(accepted + 5);
    await client.endAsync(true);
  });

  it('are keys of what devices send', async () => {
    const client = await pipeline.connect({ protocolVersion: 5 });
    const reading = payloadOf(1, pipeline.nowMillis).replace('{', `{${POLLUTED},`);
    const { accepted } = pipeline.mesonet.ledger();
    await client.publishAsync('weather/WA/Seattle/stA/temperature/p1', reading, {
      qos: 1,
      properties: { userProperties: { __proto__: 'x', constructor: 'y', toString: 'z' } },
    });
    const batch = `{"readings":[{"sensor":"__proto__","sensor_id":"constructor","sensor_timestamp":${pipeline.nowMillis},"sensor_value":1,${POLLUTED}}],${POLLUTED}}`;
    await client.publishAsync('weather/WA/Seattle/stA/batch', batch, { qos: 1 });
    expect(pipeline.mesonet.ledger().accepted).toBe(accepted + 2);
    const posted = JSON.stringify(meterReading('constructor', pipeline.nowMillis, 1)).replace(
      '{',
      `{${POLLUTED},`,
    );
    expect((await post(pipeline.mesonet, posted)).status).toBe(200);
    await client.endAsync(true);
  });

  it('are keys of a shadow, which keeps them', async () => {
    const { awsEndpoint } = pipeline.mesonet;
    const data = new IoTDataPlaneClient({ ...clientOptions({ awsEndpoint }), endpoint: awsEndpoint });
    const client = await pipeline.connect();
    const answers: string[] = [];
    client.on('message', (topic) => answers.push(topic));
    await client.subscribeAsync('$aws/things/shady/shadow/update/+', { qos: 1 });
    for (const document of [
      `{"state":{"desired":{${POLLUTED},"constructor":{"a":1}}}}`,
      `{"state":{"reported":{"__proto__":null,"constructor":null}},${POLLUTED}}`,
    ]) {
      const before = answers.length;
      await client.publishAsync('$aws/things/shady/shadow/update', document, { qos: 1 });
      await eventually(
        () => answers.length,
        (count) => count > before,
      );
    }
    await data
      .send(
        new UpdateThingShadowCommand({ thingName: 'shady', payload: `{"state":{"desired":{${POLLUTED}}}}` }),
      )
      .catch(() => {});
    const shadow = await data.send(new GetThingShadowCommand({ thingName: 'shady' })).catch(() => undefined);
    if (shadow) expect(Buffer.from(shadow.payload!).toString()).toContain('"state"');
    data.destroy();
    await client.endAsync(true);
  });

  it('are things, types and attributes of the registry', async () => {
    for (const name of NAMES) {
      const thingName = name;
      await fleet.iot.send(new CreateThingTypeCommand({ thingTypeName: name }));
      const attributes = Object.fromEntries([[name, name]]);
      await fleet.iot.send(
        new CreateThingCommand({ thingName, thingTypeName: name, attributePayload: { attributes } }),
      );
      const { certificateArn: principal } = await fleet.certify(name);
      await fleet.iot.send(new AttachThingPrincipalCommand({ thingName, principal }));
      const found = await fleet.iot.send(new DescribeThingCommand({ thingName }));
      expect([found.thingName, found.thingTypeName]).toEqual([name, name]);
    }
    const { things } = await fleet.iot.send(new ListThingsCommand({}));
    expect(things!.map(({ thingName }) => thingName)).toEqual(expect.arrayContaining(NAMES));
  });

  it('are parameters and paths of HTTP', async () => {
    const { http, token } = pipeline.mesonet;
    for (const name of NAMES)
      for (const path of [
        `/v1/sensors/${name}/latest`,
        `/v1/sensors/${name}/samples?from=0&to=1&${name}=${name}`,
        `/v1/devices/${name}/config`,
        `/v1/trace?topic=${name}&${name}=1&${name}[polluted]=1`,
        `/v1/ledger?__proto__[polluted]=1&constructor[prototype][polluted]=1`,
        `/${name}`,
      ]) {
        const response = await fetch(http + path, { headers: { authorization: `Bearer ${token}` } });
        expect([path, response.status < 500]).toEqual([path, true]);
        await response.text();
      }
  });
});
