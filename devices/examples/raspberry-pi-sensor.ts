/**
 * The temperature of a Raspberry Pi's processor, every 10 seconds or as its shadow says.
 *
 * Here:   npx mesonet provision --count 1 --prefix pi && node devices/examples/raspberry-pi-sensor.ts
 * On AWS: MQTT_URL=mqtts://<endpoint>:8883 CERTIFICATES=<folder with ca.pem, cert.pem, key.pem> DEVICE_ID=<thing> node …
 */
import { readFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { connectWithMqtt } from '../client/connect-with-mqtt.ts';
import { DeviceClient } from '../client/device-client.ts';

const {
  MQTT_URL = 'mqtts://127.0.0.1:8883',
  DEVICE_ID = 'pi-0001',
  CERTIFICATES = `.mesonet/devices/${DEVICE_ID}`,
  SPOOL = `spool-${DEVICE_ID}`,
} = process.env;
const SENSOR_FILE = process.env.SENSOR_FILE ?? '/sys/class/thermal/thermal_zone0/temp';
const pem = (name: string) => readFileSync(`${CERTIFICATES}/${name}.pem`, 'utf8');

const device = await DeviceClient.start({
  endpoint: {
    url: MQTT_URL,
    ...(MQTT_URL.startsWith('mqtts:') && { tls: { ca: pem('ca'), cert: pem('cert'), key: pem('key') } }),
  },
  transport: connectWithMqtt,
  deviceId: DEVICE_ID,
  station: { state: 'WA', city: 'Seattle', station_id: DEVICE_ID },
  spool: { folder: SPOOL, maxBytes: 64 * 1024 * 1024 },
  configuration: { packing: { readings: 30, millis: 60_000, gzip: true } },
  report: (text) => console.error(text),
});

device.sample(async () => [
  // The kernel says thousandths of a degree.
  {
    sensor: 'temperature',
    sensor_id: `${DEVICE_ID}-cpu`,
    sensor_value: Number(await readFile(SENSOR_FILE, 'utf8')) / 1000,
  },
]);

for (const signal of ['SIGINT', 'SIGTERM'] as const)
  process.once(signal, async () => console.log(JSON.stringify(await device.stop(10_000))));
