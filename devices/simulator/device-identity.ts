import type { Endpoint } from '../client/connection.ts';

/** Who one simulated device is: its station, thing and client id all have the same name, as the policy of the stack wants it. */
export interface DeviceIdentity {
  readonly thingName: string;
  readonly endpoint: Endpoint;
}
