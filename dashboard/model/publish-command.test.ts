import { expect, test } from 'vitest';
import { publishCommand } from './publish-command.ts';

test('without certificates one command publishes', () => {
  const command = publishCommand({ host: '127.0.0.1', port: 1883, needsCertificate: false }, 1000.5);
  expect(command).toMatch(/^npx mqtt pub -h 127\.0\.0\.1 -p 1883 -q 1 -t weather\/iowa\/ames\//);
  expect(command).toContain('"sensor_timestamp":1000,');
});

test('where certificates are asked for, one is made first, for the client id and the station', () => {
  const command = publishCommand({ host: 'localhost', port: 8883, needsCertificate: true }, 1000);
  expect(command).toMatch(
    /^npx mesonet provision --count 1 --prefix AMW && npx mqtt pub -C mqtts -h localhost -p 8883/,
  );
  for (const part of [
    '-i AMW-0001',
    '--cert .mesonet/devices/AMW-0001/cert.pem',
    'weather/iowa/ames/AMW-0001/',
  ])
    expect(command).toContain(part);
});
