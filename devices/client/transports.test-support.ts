import { createAwsSdkTransport } from './connect-with-aws-sdk.ts';
import { connectWithMqtt } from './connect-with-mqtt.ts';
import type { Transport } from './connection.ts';

/** A transport to run a suite over. Made anew for each device, because the SDK's belongs to one. */
export interface TestedTransport {
  readonly name: string;
  readonly create: () => Promise<Transport>;
}

/**
 * Every transport that there is here. Where the SDK is not installed its suite is left out with a printed reason; under
 * `CI=true` that is a failure.
 */
export async function transportsHere(): Promise<TestedTransport[]> {
  const transports = [{ name: 'MQTT.js', create: async () => connectWithMqtt }];
  try {
    await createAwsSdkTransport();
    transports.push({
      name: 'aws-iot-device-sdk-v2',
      create: createAwsSdkTransport as () => Promise<typeof connectWithMqtt>,
    });
  } catch (error) {
    if (process.env.CI === 'true') throw error;
    console.warn(`Left out: tests over aws-iot-device-sdk-v2. ${(error as Error).message}`);
  }
  return transports;
}
