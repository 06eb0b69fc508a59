/** Where a device connects, and with what credentials: all that differs between AWS IoT Core and the local runtime. */
export interface Endpoint {
  /** `mqtts://host:port` with a certificate, or `mqtt://host:port` on loopback; MQTT.js takes `wss://` too. */
  readonly url: string;
  /** PEM texts for mutual TLS with X.509. */
  readonly tls?: { readonly ca?: string; readonly cert?: string; readonly key?: string };
}

export interface ConnectionOptions extends Endpoint {
  /** Must be unique on the broker: a second client with the same id pushes the first one off. */
  readonly clientId: string;
  /** 4 is MQTT 3.1.1; with 5 the broker says why it refuses a publish instead of closing. */
  readonly mqttVersion?: 4 | 5;
  readonly connectTimeoutMillis?: number;
  readonly onMessage?: (topic: string, payload: Uint8Array) => void;
}

/** One MQTT connection, from CONNACK until it is lost or ended. It never comes back by itself, and resends nothing. */
export interface Connection {
  /** Resolves with the reason once the connection is gone, by whatever cause. */
  readonly closed: Promise<string>;
  /**
   * Resolves at PUBACK (QoS 1) or when it is handed to the socket (QoS 0). May never settle when the connection closes first.
   * @throws PublishRefusedError when the broker says no
   */
  publish(topic: string, payload: string | Uint8Array, qos: 0 | 1): Promise<void>;
  /** @throws SubscribeError when the broker refuses one of the filters */
  subscribe(filters: readonly string[]): Promise<void>;
  /** Disconnects in order; by force when acknowledgements are outstanding that nobody waits for any more. */
  end(force?: boolean): Promise<void>;
}

/**
 * Makes one connection and waits for CONNACK.
 * @throws ConnectError when the broker does not answer or refuses
 */
export type Transport = (options: ConnectionOptions) => Promise<Connection>;

export const DEFAULT_CONNECT_TIMEOUT_MILLIS = 10_000;
/** AWS IoT Core takes 30 to 1200 s (AWS IoT Core endpoints and quotas, "Keep-alive interval"). */
export const KEEP_ALIVE_SECONDS = 30;
/** TLS port 443 serves several protocols; this name asks for MQTT (AWS IoT developer guide, "Device communication protocols"). */
export const MQTT_ALPN = 'x-amzn-mqtt-ca';

/** Whether the device asks for MQTT by name because the port alone does not say it. */
export function needsAlpn({ url }: Endpoint): boolean {
  return url.startsWith('mqtts:') && new URL(url).port === '443';
}
