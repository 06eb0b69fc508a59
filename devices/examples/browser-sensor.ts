/**
 * A page that reports how loaded its own event loop is, over MQTT on WebSocket. For a bundler, `vite` for example.
 *
 * Its address is `wss://<endpoint>/mqtt`, signed for the service `iotdevicegateway` by whoever serves the page (AWS IoT developer
 * guide, "Device communication protocols"); the local runtime has it on 8443. The page itself has to come from this machine there, and
 * the browser has to trust the runtime's authority. Without a disk there is no spool: what is not acknowledged when the page is
 * closed is lost.
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
