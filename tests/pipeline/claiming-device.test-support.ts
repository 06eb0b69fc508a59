import { CreateProvisioningClaimCommand, type IoTClient } from '@aws-sdk/client-iot';
import type { MqttClient } from 'mqtt';
import type { DeviceFleet } from './device-fleet.test-support.ts';

/** What a service said to a request. */
export interface Said {
  readonly isAccepted: boolean;
  readonly body: Readonly<Record<string, string>> & { readonly deviceConfiguration?: object };
  readonly bytes: Buffer;
}

export interface Claim {
  readonly cert: string;
  readonly key: string;
  readonly certificateId: string;
}

/** A claim of a trusted user, for five minutes. */
export async function claimOf(iot: IoTClient, templateName: string): Promise<Claim> {
  const made = await iot.send(new CreateProvisioningClaimCommand({ templateName }));
  const { certificatePem: cert, keyPair, certificateId } = made;
  return { cert: cert!, key: keyPair!.PrivateKey!, certificateId: certificateId! };
}

/** A device that speaks the protocol of fleet provisioning by hand. */
export class ClaimingDevice {
  readonly client: MqttClient;
  readonly #waiting = new Map<string, (said: Said) => void>();

  private constructor(client: MqttClient) {
    this.client = client;
    client.on('message', (topic, bytes) => {
      const [, request, kind] = /^(.*)\/(accepted|rejected)$/.exec(topic) ?? [];
      const body = request?.endsWith('/json') ? (JSON.parse(bytes.toString()) as Said['body']) : {};
      if (request !== undefined)
        this.#waiting.get(request)?.({ isAccepted: kind === 'accepted', body, bytes });
    });
  }

  static async connect(fleet: DeviceFleet, claim: Pick<Claim, 'cert' | 'key'>, name = 'claim-1') {
    return new ClaimingDevice(await fleet.connect({ ...claim, name }));
  }

  async ask(topic: string, body: object | Buffer | string = {}): Promise<Said> {
    await this.client.subscribeAsync([`${topic}/accepted`, `${topic}/rejected`], { qos: 1 });
    const said = new Promise<Said>((resolve, reject) => {
      this.#waiting.set(topic, resolve);
      setTimeout(() => reject(new Error(`Nothing was said to ${topic}`)), 20_000).unref();
    });
    const payload = typeof body === 'string' || Buffer.isBuffer(body) ? body : JSON.stringify(body);
    await this.client.publishAsync(topic, payload, { qos: 1 });
    return said;
  }

  end(): Promise<void> {
    return this.client.endAsync(true);
  }
}
