/** Where devices publish. */
export interface MqttAddress {
  readonly host: string;
  readonly port: number;
  /** Only who has a certificate is let in. */
  readonly needsCertificate: boolean;
}

/** The certificate that `mesonet provision` makes for the first device of this name. */
const DEVICE = 'AMW-0001';
const BUNDLE = `.mesonet/devices/${DEVICE}`;
const UNKNOWN: MqttAddress = { host: '127.0.0.1', port: 8883, needsCertificate: true };

/** What to type to publish one reading, with a certificate made for it where one is needed. */
export function publishCommand(address: MqttAddress = UNKNOWN, nowMillis: number): string {
  const { host, port, needsCertificate } = address;
  const payload = JSON.stringify({
    sensor_timestamp: Math.floor(nowMillis),
    sensor_value: 21.4,
    sensor_value_smoothed: 21.4,
    direction: 0,
  });
  const message = `-q 1 -t weather/iowa/ames/${DEVICE}/temperature/AMW-T1 -m '${payload}'`;
  if (!needsCertificate) return `npx mqtt pub -h ${host} -p ${port} ${message}`;
  const identity = `-i ${DEVICE} --ca ${BUNDLE}/ca.pem --cert ${BUNDLE}/cert.pem --key ${BUNDLE}/key.pem`;
  return `npx mesonet provision --count 1 --prefix AMW && npx mqtt pub -C mqtts -h ${host} -p ${port} ${identity} ${message}`;
}
