import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import { allowDevice, getDeviceConfig, putDeviceConfig } from '../src/stores/devices-table.ts';
import { startAws, type TestAws } from '../tests/aws/start-aws.ts';
import { handler } from './approve-device.ts';

const TABLE = 'mesonet-test-devices';
const [first, second] = ['a', 'b'].map((letter) => letter.repeat(64)) as [string, string];
const NOW = 1_795_226_400_000;
let aws: TestAws;
let serial = '';
let count = 0;

beforeAll(async () => {
  aws = await startAws();
});
afterAll(() => aws.stop());
beforeEach(() => {
  aws.faults.length = 0;
  count += 1;
  serial = `sn-${count}`;
});

async function isAllowed(certificateId: unknown, parameters: unknown = { SerialNumber: serial }) {
  return (await handler({ claimCertificateId: 'c'.repeat(64), certificateId, parameters })).allowProvisioning;
}

it('approves a device that is on the list, and the same certificate as often as it asks', async () => {
  await allowDevice(TABLE, serial, NOW);
  expect([await isAllowed(first), await isAllowed(first)]).toEqual([true, true]);
});

it('refuses who is not on the list, and leaves no trace of it', async () => {
  expect(await isAllowed(first)).toBe(false);
  expect(await getDeviceConfig(TABLE, serial)).toBeUndefined();
});

it('refuses a second certificate until the device is put on the list again', async () => {
  await allowDevice(TABLE, serial, NOW);
  expect([await isAllowed(first), await isAllowed(second)]).toEqual([true, false]);
  await allowDevice(TABLE, serial, NOW);
  expect([await isAllowed(second), await isAllowed(first)]).toEqual([true, false]);
});

it('lets one of two certificates in that ask at the same time', async () => {
  await allowDevice(TABLE, serial, NOW);
  const both = await Promise.all([isAllowed(first), isAllowed(second)]);
  expect(both.filter(Boolean)).toHaveLength(1);
});

it('refuses a device that is disabled', async () => {
  await putDeviceConfig(TABLE, serial, { sampling_interval_seconds: 5, enabled: false }, NOW);
  expect(await isAllowed(first)).toBe(false);
});

it('keeps the claim out of the configuration, and the configuration over being allowed', async () => {
  const settings = { firmware: '1.2' };
  await putDeviceConfig(TABLE, serial, { sampling_interval_seconds: 5, enabled: true, settings }, NOW);
  await allowDevice(TABLE, serial, NOW + 1);
  await isAllowed(first);
  expect(await getDeviceConfig(TABLE, serial)).toEqual({
    device_id: serial,
    sampling_interval_seconds: 5,
    enabled: true,
    settings,
    updated_at: NOW + 1,
    version: 2,
  });
});

it.each<[string, unknown, unknown]>([
  ['no parameters', first, undefined],
  ['no serial number', first, {}],
  ['a serial number that is no level of a topic', first, { SerialNumber: 'a/b' }],
  ['a serial number with a wildcard', first, { SerialNumber: '+' }],
  ['a number', first, { SerialNumber: 7 }],
  ['a serial number of the prototype', first, Object.create({ SerialNumber: 'sn-1' })],
  ['no certificate', undefined, { SerialNumber: 'sn-1' }],
])('refuses %s', async (_, certificateId, parameters) => {
  expect((await handler({ certificateId, parameters })).allowProvisioning).toBe(false);
});

it('fails when the table does not answer: nobody is provisioned on a guess', async () => {
  aws.faults.push({ match: 'UpdateItem', times: 20, status: 400, type: 'AccessDeniedException' });
  await expect(isAllowed(first)).rejects.toThrow();
});
