/**
 * A page that reports how loaded its own event loop is, over MQTT on WebSocket. For a bundler, `vite` for example.
 *
 * It needs an endpoint that has WebSocket: AWS IoT Core has, at `wss://<endpoint>/mqtt` with a signed or custom-authorized address
 * (AWS IoT developer guide, "Device communication protocols"). The local runtime listens for MQTT over TCP and TLS only, so
 * this example does not run against it; use `POST /v1/readings` there. Without a disk there is no spool: what is not
 * acknowledged when the page is closed is lost.
 */
import { connectWithMqtt } from '../client/connect-with-mqtt.ts';
import { encodeReading } from '../client/payload.ts';
import { Publisher } from '../client/publisher.ts';
import { readingTopic } from '../client/topic.ts';

export async function startBrowserSensor(signedUrl: string, pageId: string): Promise<() => Promise<number>> {
  const boot_id = crypto.randomUUID();
  const publisher = await Publisher.connect({ url: signedUrl, clientId: pageId, transport: connectWithMqtt });
  let sequence = 0;
  let dueMillis = performance.now() + 1000;
  const timer = setInterval(() => {
    const lateMillis = Math.max(0, performance.now() - dueMillis);
    dueMillis = performance.now() + 1000;
    const address = {
      state: 'web',
      city: 'browser',
      station_id: pageId,
      sensor: 'event_loop_delay',
      sensor_id: `${pageId}-e`,
    };
    const identity = { device_id: pageId, boot_id, sequence: sequence++ };
    const reading = { ...address, ...identity, sensor_timestamp: Date.now(), sensor_value: lateMillis };
    publisher
      .publish(readingTopic(address, { basicIngest: true }), encodeReading(reading))
      .catch((error: Error) => console.warn(error.message));
  }, 1000);
  return () => {
    clearInterval(timer);
    return publisher.close(2_000);
  };
}
