import { expect, test } from 'vitest';
import { listenPlain } from './mqtt-listener.ts';

test.each(['0.0.0.0', '::', '192.0.2.1', '127.example.org'])(
  'without TLS nobody listens on %s, where others could come in',
  async (host) => {
    await expect(listenPlain({ host, port: 0 }, () => {})).rejects.toThrow(
      `Cannot listen for MQTT without TLS on '${host}'`,
    );
  },
);

test.each(['127.0.0.1', 'localhost'])('without TLS it listens on %s', async (host) => {
  const listener = await listenPlain({ host, port: 0 }, () => {});
  expect(listener.port).toBeGreaterThan(0);
  await listener.stop();
});
