import { expect, test } from 'vitest';
import { startBroker } from '../start-broker.test-support.ts';
import { startBrowserSensor } from './browser-sensor.ts';

test('a page reports its delays, each with its identity, until it is closed', async () => {
  const mqtt = await startBroker();
  const stop = await startBrowserSensor(mqtt.url, 'page-1');
  await expect.poll(() => mqtt.received.length, { timeout: 5_000 }).toBe(2);
  expect(await stop()).toBe(0);
  const [first, second] = mqtt.received.map(({ payload }) => JSON.parse(String(payload)));
  expect(mqtt.received[0]?.topic).toBe(
    '$aws/rules/telemetry/weather/web/browser/page-1/event_loop_delay/page-1-e',
  );
  expect(first).toMatchObject({ device_id: 'page-1', sequence: 0, sensor_value: expect.any(Number) });
  expect(second).toMatchObject({ boot_id: first.boot_id, sequence: 1 });
  await mqtt.stop();
});
