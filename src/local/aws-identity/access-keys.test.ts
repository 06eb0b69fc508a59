import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { compilePolicies } from '../../iot-policy/index.ts';
import type { RoleResource } from '../../stack/stack.ts';
import { DurableLog } from '../log/durable-log.ts';
import { AccessKeys } from './access-keys.ts';
import { isTrusted } from './role-policies.ts';

const folder = mkdtempSync(join(tmpdir(), 'mesonet-keys-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const SERVICE = 'credentials.iot.amazonaws.com';
const role = (statement: object, trust: object = { Principal: { Service: SERVICE } }): RoleResource => ({
  logicalId: 'Role',
  name: 'role',
  arn: 'arn:aws:iam::000000000000:role/role',
  trustDocument: JSON.stringify({
    Version: '2012-10-17',
    Statement: [{ Effect: 'Allow', Action: 'sts:AssumeRole', ...trust }],
  }),
  policies: [
    {
      name: 'p',
      document: JSON.stringify({ Version: '2012-10-17', Statement: [{ Effect: 'Allow', ...statement }] }),
    },
  ],
});
const session = {
  roleArn: role({}).arn,
  certificateId: 'c1',
  thingName: 'roof',
  expiresMillis: 1_000,
};
const publish = { Action: 'iot:Publish', Resource: `arn:aws:iot:r:0:topic/\${credentials-iot:ThingName}/*` };

async function withKeys<Value>(roles: RoleResource[], use: (keys: AccessKeys) => Value): Promise<Value> {
  const log = DurableLog.open({ folder, durability: 'memory' });
  try {
    return use(new AccessKeys({ stack: { roles, accountId: '0', region: 'r' }, log, ownerSecret: 'token' }));
  } finally {
    await log.close();
  }
}

test('credentials of a session are known after a restart, with the policies of the role as it is then', async () => {
  const made = await withKeys([role(publish)], (keys) => keys.issue(session));
  const found = await withKeys([role(publish)], (keys) => keys.find(made.accessKeyId, made.sessionToken));
  expect(found?.secretAccessKey).toBe(made.secretAccessKey);
  expect(found?.caller).toMatchObject({
    principalId: expect.stringMatching(/^AROA.{16}:c1$/),
    expiresMillis: 1_000,
  });
  const { policies, values } = found!.caller;
  const compiled = compilePolicies(policies, values);
  expect(compiled.evaluate('iot:Publish', 'arn:aws:iot:r:0:topic/roof/x').decision).toBe('allowed');
  expect(compiled.evaluate('iot:Publish', 'arn:aws:iot:r:0:topic/other/x').decision).toBe('implicitDeny');
  const gone = await withKeys([], (keys) => keys.find(made.accessKeyId, made.sessionToken));
  expect(gone?.caller.policies).toEqual([]);
  const unreadable = role({ ...publish, Condition: { DateLessThan: { 'aws:CurrentTime': 'x' } } });
  const strange = await withKeys([unreadable], (keys) => keys.find(made.accessKeyId, made.sessionToken));
  expect(strange?.caller.policies).toEqual([]);
});

test("no other pair of key and token is known, and the secret is the session's own", async () => {
  await withKeys([role(publish)], (keys) => {
    const [one, two] = [keys.issue(session), keys.issue(session)];
    expect(one.secretAccessKey).not.toBe(two.secretAccessKey);
    for (const [id, token] of [
      [one.accessKeyId, two.sessionToken],
      [one.accessKeyId, `${one.sessionToken}x`],
      [one.accessKeyId, `${one.sessionToken}.x`],
      [one.accessKeyId, ''],
      [one.accessKeyId, '.'],
      [one.accessKeyId, undefined],
      ['local', one.sessionToken],
      ['LOCAL', undefined],
    ] as const)
      expect([id, token, keys.find(id, token)]).toEqual([id, token, undefined]);
  });
});

test('a role is assumed by whom it trusts, under the conditions that it says', () => {
  const values = { 'aws:SourceAccount': '1', 'aws:SourceArn': 'arn:aws:iot:r:1:rolealias/a' };
  const trusts = (trust: object): boolean => isTrusted(role(publish, trust), SERVICE, values);
  const Principal = { Service: SERVICE };
  expect(trusts({ Principal })).toBe(true);
  expect(trusts({ Principal: { Service: ['lambda.amazonaws.com', SERVICE] } })).toBe(true);
  expect(trusts({ Principal, Condition: { StringEquals: { 'aws:SourceAccount': '1' } } })).toBe(true);
  expect(trusts({ Principal, Condition: { StringEquals: { 'aws:SourceAccount': '2' } } })).toBe(false);
  expect(
    trusts({ Principal, Condition: { ArnLike: { 'aws:SourceArn': 'arn:aws:iot:r:1:rolealias/b' } } }),
  ).toBe(false);
  expect(trusts({ Principal: { Service: 'lambda.amazonaws.com' } })).toBe(false);
  expect(trusts({ Principal: '*' })).toBe(false);
  expect(trusts({ Principal, Action: 'sts:TagSession' })).toBe(false);
  expect(trusts({ Principal, Condition: { Strange: { a: 'b' } } })).toBe(false);
});
