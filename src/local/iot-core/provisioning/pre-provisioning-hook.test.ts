import { expect, test } from 'vitest';
import type { LambdaResult } from '../../lambda/lambda-function.ts';
import { askHook, type InvokeFunction } from './pre-provisioning-hook.ts';

const ARN = 'arn:aws:lambda:us-east-1:000000000000:function:hook';
const payload = {
  claimCertificateId: 'a',
  certificateId: 'b',
  certificatePem: 'PEM',
  templateArn: 'arn:aws:iot:us-east-1:000000000000:provisioningtemplate/t',
  clientId: 'c',
  parameters: { SerialNumber: 's' },
};
const answering =
  (value: unknown): InvokeFunction =>
  async () => ({ ok: true, value, requestId: '1' });

test('the function is told all of it, and its overrides come back', async () => {
  const told: [string, string][] = [];
  const overrides = await askHook(`${ARN}:live`, payload, async (name, event) => {
    told.push([name, event]);
    return {
      ok: true,
      value: { allowProvisioning: true, parameterOverrides: { Place: 'IA' } },
      requestId: '1',
    };
  });
  expect(overrides).toEqual({ Place: 'IA' });
  expect(told).toEqual([['hook', JSON.stringify(payload)]]);
});

test('a yes without overrides has none', async () => {
  expect(await askHook(ARN, payload, answering({ allowProvisioning: true }))).toEqual({});
});

const failed: LambdaResult = {
  ok: false,
  error: { errorType: 'TypeError', errorMessage: 'x is not a function', trace: [] },
  requestId: '1',
};

test.each<[string, InvokeFunction, string]>([
  ['a no', answering({ allowProvisioning: false }), 'does not allow it'],
  ['a text that reads like a yes', answering({ allowProvisioning: 'true' }), 'does not allow it'],
  ['nothing', answering(null), 'does not allow it'],
  ['a list', answering([true]), 'does not allow it'],
  [
    'overrides that are no texts',
    answering({ allowProvisioning: true, parameterOverrides: { a: 1 } }),
    "'parameterOverrides' of the pre-provisioning hook's answer are not texts",
  ],
  [
    'overrides that are a list',
    answering({ allowProvisioning: true, parameterOverrides: ['a'] }),
    "'parameterOverrides'",
  ],
  ['a function that fails', async () => failed, 'failed with TypeError: x is not a function'],
  [
    'no function',
    () => Promise.reject(new Error('the stack has no such function')),
    'cannot be invoked: the stack has no such function',
  ],
  ['no answer in time', () => new Promise(() => {}), 'did not answer within 20 ms'],
])('%s is a refusal', async (_, invoke, reason) => {
  await expect(askHook(ARN, payload, invoke, 20)).rejects.toMatchObject({
    code: 'AccessDenied',
    statusCode: 403,
    message: expect.stringContaining(reason),
  });
});
