import { expect, it } from 'vitest';
import { a, b, fleet, reading, weather } from '../pipeline/two-devices.test-support.ts';

it('a device trusts the server under its own names only', async () => {
  for (const servername of ['evil.example', 'localhost.evil.example', 'iot.us-east-1.amazonaws.com'])
    await expect(fleet.connect(a, { servername, rejectUnauthorized: true } as object)).rejects.toThrow(
      /altnames/,
    );
  const client = await fleet.connect(a, { servername: 'localhost', rejectUnauthorized: true } as object);
  expect(client.connected).toBe(true);
  await client.endAsync(true);
});

it('a connection is taken over by whoever has its certificate, and by nobody else', async () => {
  const first = await fleet.connect(a, { protocolVersion: 5 });
  let reasonCode: number | undefined;
  first.on('disconnect', (packet) => {
    reasonCode = packet.reasonCode;
  });
  await expect(fleet.connect(b, { clientId: a.name })).rejects.toThrow();
  await first.publishAsync(weather('stA'), reading(), { qos: 1 });
  const second = await fleet.connect(a, { protocolVersion: 5 });
  await expect.poll(() => reasonCode).toBe(0x8e);
  expect(second.connected).toBe(true);
  await second.endAsync(true);
});
