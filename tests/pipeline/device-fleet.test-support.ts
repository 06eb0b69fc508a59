import { readFileSync } from 'node:fs';
import {
  AttachPolicyCommand,
  AttachThingPrincipalCommand,
  CreateCertificateFromCsrCommand,
  CreatePolicyCommand,
  CreateThingCommand,
  IoTClient,
  RegisterCertificateWithoutCACommand,
  UpdateCertificateCommand,
} from '@aws-sdk/client-iot';
import { NodeHttpHandler } from '@smithy/node-http-handler';
import { connect, type IClientOptions, type MqttClient } from 'mqtt';
import {
  selfSignedPair,
  signingRequestPair,
} from '../../src/local/iot-core/tls/certificates.test-support.ts';
import type { Mesonet } from '../../src/local/start-mesonet.ts';

/** What a device has: a certificate and its key. */
export interface DeviceCredentials {
  readonly name: string;
  readonly cert: string;
  readonly key: string;
  readonly certificateArn: string;
  readonly certificateId: string;
}

/** Provisions devices through the public control plane and connects them, as their owners would. */
export class DeviceFleet {
  readonly iot: IoTClient;
  readonly #mesonet: Mesonet;
  readonly #ca: string;
  readonly #clients: MqttClient[] = [];

  constructor(mesonet: Mesonet) {
    this.#mesonet = mesonet;
    this.#ca = readFileSync(mesonet.caFile, 'utf8');
    this.iot = new IoTClient({
      endpoint: mesonet.awsEndpoint,
      region: 'us-east-1',
      credentials: { accessKeyId: 'local', secretAccessKey: 'local' },
      requestHandler: new NodeHttpHandler(),
    });
  }

  /** The policy of the stack. */
  get stackPolicy(): string {
    return this.#mesonet.stack.iotPolicies[0]!.name;
  }

  /** A thing with an active certificate and policies; the stack's when none are named. */
  async provision(
    name: string,
    policyNames: readonly string[] = [this.stackPolicy],
  ): Promise<DeviceCredentials> {
    const device = await this.certify(name);
    await this.iot.send(new CreateThingCommand({ thingName: name }));
    await this.iot.send(
      new AttachThingPrincipalCommand({ thingName: name, principal: device.certificateArn }),
    );
    for (const policyName of policyNames)
      await this.iot.send(new AttachPolicyCommand({ policyName, target: device.certificateArn }));
    return device;
  }

  /** An active certificate without a thing. */
  async certify(name: string): Promise<DeviceCredentials> {
    const { request, key } = await signingRequestPair(`CN=${name}`);
    const made = await this.iot.send(
      new CreateCertificateFromCsrCommand({ certificateSigningRequest: request, setAsActive: true }),
    );
    const { certificatePem, certificateArn, certificateId } = made;
    return {
      name,
      key,
      cert: certificatePem!,
      certificateArn: certificateArn!,
      certificateId: certificateId!,
    };
  }

  /** A registered certificate that nobody signed, with the stack's policy. */
  async register(name: string, validity: { notBefore?: Date; notAfter?: Date }): Promise<DeviceCredentials> {
    const { cert, key } = await selfSignedPair(`CN=${name}`, validity);
    const made = await this.iot.send(
      new RegisterCertificateWithoutCACommand({ certificatePem: cert, status: 'ACTIVE' }),
    );
    const { certificateArn, certificateId } = made;
    await this.iot.send(new AttachPolicyCommand({ policyName: this.stackPolicy, target: certificateArn! }));
    return { name, cert, key, certificateArn: certificateArn!, certificateId: certificateId! };
  }

  async createPolicy(policyName: string, ...statements: object[]): Promise<void> {
    const policyDocument = JSON.stringify({ Version: '2012-10-17', Statement: statements });
    await this.iot.send(new CreatePolicyCommand({ policyName, policyDocument }));
  }

  async setStatus({ certificateId }: DeviceCredentials, newStatus: 'ACTIVE' | 'INACTIVE' | 'REVOKED') {
    await this.iot.send(new UpdateCertificateCommand({ certificateId, newStatus }));
  }

  async connect(
    { name, cert, key }: Pick<DeviceCredentials, 'name' | 'cert' | 'key'>,
    options: IClientOptions = {},
  ): Promise<MqttClient> {
    const client = connect({
      protocol: 'mqtts',
      host: '127.0.0.1',
      port: this.#mesonet.mqtts.port,
      ca: this.#ca,
      cert,
      key,
      clientId: name,
      reconnectPeriod: 0,
      connectTimeout: 5000,
      ...options,
    });
    this.#clients.push(client);
    await new Promise<void>((resolve, reject) => {
      client.once('connect', () => resolve());
      client.on('error', reject);
      client.once('close', () => reject(new Error('The connection was closed')));
    });
    return client;
  }

  async end(): Promise<void> {
    await Promise.all(this.#clients.map((client) => client.endAsync(true)));
    this.iot.destroy();
  }
}

/** Resolves when the broker has ended the connection. */
export function closed(client: MqttClient): Promise<void> {
  return client.connected
    ? new Promise((resolve) => client.once('close', () => resolve()))
    : Promise.resolve();
}
