import { randomUUID } from 'node:crypto';
import { statSync } from 'node:fs';
import { join } from 'node:path';
import { connectWithMqtt } from '../../../devices/client/connect-with-mqtt.ts';
import type { Connection } from '../../../devices/client/connection.ts';
import { DeviceError } from '../../../devices/device-error.ts';
import { type Bundle, readBundle } from '../../../devices/provisioning/bundle.ts';
import type { IotRegistry } from '../../../devices/provisioning/iot-registry.ts';
import {
  ProvisioningError,
  RegistryUnreachableError,
} from '../../../devices/provisioning/provisioning-error.ts';
import type { Stack } from '../../stack/stack.ts';
import { checkArrival } from './check-arrival.ts';
import { checkActive, checkAttached, checkValidity } from './check-certificate.ts';
import { checkReachable, checkTls } from './check-endpoint.ts';
import { checkPolicy } from './check-policy.ts';
import { checkRules } from './check-rules.ts';
import { broken, type Finding, ok, skipped } from './finding.ts';

export interface Examination {
  readonly thingName: string;
  /** Where its bundle is. */
  readonly folder: string;
  readonly registry: IotRegistry;
  readonly isLocal: boolean;
  readonly stack: () => Promise<Pick<Stack, 'topicRules'>>;
  /** The page of the running pipeline; undefined where there is none to ask, as on AWS. */
  readonly traceUrl: string | undefined;
  /** Where the test message goes, instead of the topic of a sensor called `doctor-<thing>`. */
  readonly topic: string | undefined;
  readonly waitMillis: number;
  readonly nowMillis: number;
}

/** Walks the chain from the device's files to its record, link by link. Whoever reads it stops at the first broken one. */
export async function* examineDevice(examination: Examination): AsyncGenerator<Finding> {
  const { thingName, folder, nowMillis } = examination;
  const { bundle, finding } = openBundle(folder, thingName);
  yield finding;
  if (!bundle) return;
  yield await checkReachable(bundle.config.endpoint);
  yield await checkTls(bundle);
  yield checkValidity(bundle.certificatePem, thingName, nowMillis);
  const message = messageOf(examination, bundle);
  yield* examineRegistration(examination, bundle, message.topic);
  const connected = await connect(bundle, thingName);
  yield connected.finding;
  const { connection } = connected;
  if (!connection) return;
  try {
    yield await checkRules(await examination.stack(), { ...message, clientId: thingName });
    yield await publish(connection, message);
  } finally {
    await connection.end(true).catch(() => {});
  }
  const { traceUrl: url, waitMillis } = examination;
  if (url === undefined)
    yield skipped(
      'arrival',
      "the trace is the local runtime's; on AWS ask the API for the latest reading of the sensor",
    );
  else yield await checkArrival({ url, topic: message.topic, mark: message.mark, waitMillis });
}

function openBundle(folder: string, thingName: string): { bundle?: Bundle; finding: Finding } {
  const provision = '"mesonet provision" writes it; name its folder with --bundle';
  try {
    const bundle = readBundle(folder);
    if (!bundle) return { finding: broken('bundle', `there is no bundle in '${folder}'`, provision) };
    if (bundle.config.thingName !== thingName)
      return {
        finding: broken(
          'bundle',
          `'${folder}' is the bundle of '${bundle.config.thingName}', not of '${thingName}'`,
          provision,
        ),
      };
    const isOpen = process.platform !== 'win32' && (statSync(join(folder, 'key.pem')).mode & 0o077) !== 0;
    const text = `certificate and key of '${folder}' belong together`;
    return {
      bundle,
      finding: ok('bundle', text, isOpen ? 'others may read key.pem: chmod 600 it' : undefined),
    };
  } catch (error) {
    if (!(error instanceof ProvisioningError)) throw error;
    return { finding: broken('bundle', error.message, provision) };
  }
}

/** What the registry says. Whoever may not ask it still learns what the broker does. */
async function* examineRegistration(
  { thingName, registry, isLocal }: Examination,
  { certificatePem }: Bundle,
  topic: string,
): AsyncGenerator<Finding> {
  try {
    const { finding, certificate } = await checkActive(certificatePem, thingName, registry);
    yield finding;
    if (!certificate) return;
    yield await checkAttached(certificate, thingName, registry);
    yield await checkPolicy({ certificate, certificatePem, thingName, topic, registry, isLocal });
  } catch (error) {
    if (!(error instanceof RegistryUnreachableError)) throw error;
    yield skipped('registry', error.message);
  }
}

async function connect(
  bundle: Bundle,
  clientId: string,
): Promise<{ connection?: Connection; finding: Finding }> {
  const { config, caPem: ca, certificatePem: cert, privateKeyPem: key } = bundle;
  try {
    const connection = await connectWithMqtt({ url: config.endpoint, tls: { ca, cert, key }, clientId });
    return { connection, finding: ok('connect', `the broker lets client '${clientId}' in`) };
  } catch (error) {
    if (!(error instanceof DeviceError)) throw error;
    return {
      finding: broken(
        'connect',
        error.message,
        'what the registry says was in order: is it the registry of this endpoint?',
      ),
    };
  }
}

interface TestMessage {
  readonly topic: string;
  readonly payload: string;
  readonly mark: string;
}

/** A reading that says what it is: sensor type `doctor`, a sensor of its own, and a boot id that begins with `doctor-`. */
function messageOf({ thingName, topic, nowMillis }: Examination, { config }: Bundle): TestMessage {
  const mark = `doctor-${randomUUID()}`;
  const own = config.topics.reading
    .replace('{sensor_id}', `doctor-${thingName}`)
    .replace(/\{\w+\}/g, 'doctor');
  const payload = {
    sensor_timestamp: nowMillis,
    sensor_value: 0,
    device_id: thingName,
    boot_id: mark,
    sequence: 0,
  };
  return { topic: topic ?? own, payload: JSON.stringify(payload), mark };
}

async function publish(connection: Connection, { topic, payload }: TestMessage): Promise<Finding> {
  const gone = connection.closed.then((reason) => {
    throw new DeviceError(`Cannot publish to "${topic}": ${reason}`);
  });
  try {
    await Promise.race([connection.publish(topic, payload, 1), gone]);
    return ok('publish', `the broker has acknowledged a test message on ${topic}`);
  } catch (error) {
    if (!(error instanceof DeviceError)) throw error;
    return broken(
      'publish',
      error.message,
      `"mesonet trace --topic '${topic}'" shows why the broker refused it`,
    );
  } finally {
    gone.catch(() => {});
  }
}
