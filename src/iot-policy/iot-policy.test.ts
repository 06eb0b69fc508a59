import fc from 'fast-check';
import { describe, expect, it, test } from 'vitest';
import { compilePolicies, type NamedPolicy, PolicyError, parsePolicyDocument } from './index.ts';

const ARN = 'arn:aws:iot:us-east-1:000000000000:';
const IOT_VARIABLE = (name: string): string => `\${${name}}`;
type Values = Readonly<Record<string, string | readonly string[] | undefined>>;

function policyOf(statement: unknown, name = 'p'): NamedPolicy {
  return {
    name,
    document: parsePolicyDocument(JSON.stringify({ Version: '2012-10-17', Statement: statement })),
  };
}

const allow = (action: unknown, resource: unknown, more: object = {}) => ({
  Effect: 'Allow',
  Action: action,
  Resource: resource,
  ...more,
});

function decide(statement: unknown, action: string, resource: string, values: Values = {}): string {
  return compilePolicies([policyOf(statement)], values).evaluate(action, ARN + resource).decision;
}

function problemsOf(document: unknown): string[] {
  try {
    parsePolicyDocument(typeof document === 'string' ? document : JSON.stringify(document));
  } catch (error) {
    return (error as PolicyError).problems.map(({ path, message }) => `${path}: ${message}`);
  }
  return [];
}

describe('a policy document', () => {
  it('may say lists as single values', () => {
    const { statements } = parsePolicyDocument(
      '{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"iot:Connect","Resource":"*"}}',
    );
    expect(statements).toMatchObject([{ actions: ['iot:Connect'], resources: ['*'], effect: 'Allow' }]);
  });

  test.each<[string, unknown, string[]]>([
    ['text that is not JSON', '{', [': it is not JSON']],
    ['a list', [], [': it is not an object']],
    [
      'no version and no statement',
      {},
      ['Version: expected "2012-10-17", got nothing', 'Statement: expected at least one statement'],
    ],
    [
      'members that are not known',
      { Version: '2012-10-17', Statement: [{ ...allow('iot:Publish', '*'), Conditions: {} }] },
      ['Statement[0].Conditions: unknown member, did you mean "Condition"?'],
    ],
    [
      'an effect, an action and a resource that are none',
      { Version: '2012-10-17', Statement: [{ Effect: 'allow', Action: 'Publish', Resource: 'topic/a' }] },
      [
        'Statement[0].Effect: expected "Allow" or "Deny", got "allow"',
        'Statement[0].Action[0]: expected an action such as "iot:Publish", got "Publish"',
        'Statement[0].Resource[0]: expected "*" or an ARN such as "arn:aws:iot:…:topic/…", got "topic/a"',
      ],
    ],
    [
      'no action, and both kinds of resource',
      { Version: '2012-10-17', Statement: [{ Effect: 'Deny', Resource: '*', NotResource: '*' }] },
      [
        'Statement[0].Action: expected at least one',
        'Statement[0]: expected Resource or NotResource, got both',
      ],
    ],
    [
      'an operator that is not known',
      {
        Version: '2012-10-17',
        Statement: [allow('iot:Publish', '*', { Condition: { 'ForAnyValue:StringEqual': { a: 'b' } } })],
      },
      [
        'Statement[0].Condition.ForAnyValue:StringEqual: unknown condition operator "StringEqual", did you mean "StringEquals" or "StringNotEquals"?',
      ],
    ],
    [
      'a variable without end',
      { Version: '2012-10-17', Statement: [allow('iot:Publish', `arn:aws:iot:::topic/\${iot:ClientId`)] },
      ['Statement[0].Resource[0]: a variable has no closing brace'],
    ],
    [
      'more than 2048 characters',
      { Version: '2012-10-17', Statement: [allow('iot:Publish', `arn:aws:iot:::topic/${'x'.repeat(2048)}`)] },
      [': it has more than 2048 characters'],
    ],
  ])('is refused with %s', (_, document, problems) => {
    expect(problemsOf(document)).toEqual(problems);
  });

  it('is refused in one sentence that says everything', () => {
    expect(() => parsePolicyDocument('[]')).toThrow(
      new PolicyError([{ path: '', message: 'it is not an object' }]),
    );
  });

  it('is a document or an error, whatever the text is', () => {
    const part = fc.oneof(fc.string(), fc.constantFrom('Allow', 'iot:Publish', '*', '2012-10-17', '${'));
    const member = fc.constantFrom(
      'Version',
      'Statement',
      'Effect',
      'Action',
      'Resource',
      'Condition',
      '__proto__',
    );
    const anything = fc.letrec((tie) => ({
      node: fc.oneof({ maxDepth: 4 }, part, fc.array(tie('node')), fc.dictionary(member, tie('node'))),
    })).node;
    fc.assert(
      fc.property(anything, (json) => {
        try {
          parsePolicyDocument(JSON.stringify(json));
        } catch (error) {
          expect(error).toBeInstanceOf(PolicyError);
        }
      }),
    );
  });
});

describe('a decision', () => {
  it('is an implicit denial when no statement speaks of it', () => {
    const policies = compilePolicies([policyOf([allow('iot:Publish', `${ARN}topic/a`)])], {});
    expect(policies.evaluate('iot:Publish', `${ARN}topic/b`)).toEqual({ decision: 'implicitDeny' });
    expect(policies.evaluate('iot:Subscribe', `${ARN}topic/a`)).toEqual({ decision: 'implicitDeny' });
  });

  it('names the statement that decides, and an explicit denial wins in any order', () => {
    const grants = policyOf([{ ...allow('iot:*', '*'), Sid: 'all' }], 'grants');
    const denies = policyOf(
      [
        { Effect: 'Allow', Action: 'iot:Connect', Resource: '*' },
        { Sid: 'not-this', Effect: 'Deny', Action: 'iot:Publish', Resource: `${ARN}topic/secret/*` },
      ],
      'denies',
    );
    for (const policies of [
      [grants, denies],
      [denies, grants],
    ]) {
      const compiled = compilePolicies(policies, {});
      expect(compiled.evaluate('iot:Publish', `${ARN}topic/secret/x`)).toEqual({
        decision: 'explicitDeny',
        statement: { policyName: 'denies', index: 1, sid: 'not-this' },
      });
      expect(compiled.evaluate('iot:Publish', `${ARN}topic/open`)).toEqual({
        decision: 'allowed',
        statement: { policyName: 'grants', index: 0, sid: 'all' },
      });
    }
  });

  test.each<[string, string, string, string]>([
    ['an exact resource', 'topic/a/b', 'topic/a/b', 'allowed'],
    ['a resource that goes on', 'topic/a/b', 'topic/a/b/c', 'implicitDeny'],
    ['letters in another case', 'topic/A', 'topic/a', 'implicitDeny'],
    ['* over several levels', 'topic/a/*', 'topic/a/b/c', 'allowed'],
    ['* for nothing', 'topic/a*', 'topic/a', 'allowed'],
    ['* in the middle', 'topic/*/x', 'topic/a/b/x', 'allowed'],
    ['parts that would overlap', 'topic/ab*ba', 'topic/aba', 'implicitDeny'],
    ['? for one character', 'topic/a?', 'topic/ab', 'allowed'],
    ['? for two characters', 'topic/a?', 'topic/abc', 'implicitDeny'],
    ['? for a character beyond 16 bits', 'topic/a?', 'topic/a😀', 'allowed'],
    ['+ against a level', 'topicfilter/a/+', 'topicfilter/a/b', 'implicitDeny'],
    ['+ against itself', 'topicfilter/a/+', 'topicfilter/a/+', 'allowed'],
    ['# against levels', 'topicfilter/a/#', 'topicfilter/a/b/c', 'implicitDeny'],
    ['# against itself', 'topicfilter/a/#', 'topicfilter/a/#', 'allowed'],
    ['* against a filter with wildcards', 'topicfilter/a/*', 'topicfilter/a/#', 'allowed'],
    ['a character that is meant as it is', 'topic/a$' + '{*}', 'topic/a*', 'allowed'],
    ['the same, against another', 'topic/a$' + '{*}', 'topic/ab', 'implicitDeny'],
  ])('takes %s as written', (_, pattern, resource, decision) => {
    expect(decide([allow('iot:Publish', ARN + pattern)], 'iot:Publish', resource)).toBe(decision);
  });

  it('compares actions without regard to case, and resources with it', () => {
    expect(decide([allow('IOT:publish', '*')], 'iot:Publish', 'topic/a')).toBe('allowed');
    expect(decide([allow('iot:Pub*', '*')], 'iot:Publish', 'topic/a')).toBe('allowed');
  });

  it('follows NotAction and NotResource', () => {
    const notAction = [{ Effect: 'Allow', NotAction: 'iot:Publish', Resource: '*' }];
    expect(decide(notAction, 'iot:Publish', 'topic/a')).toBe('implicitDeny');
    expect(decide(notAction, 'iot:Receive', 'topic/a')).toBe('allowed');
    const notResource = [
      allow('iot:Publish', '*'),
      { Effect: 'Deny', Action: 'iot:Publish', NotResource: `${ARN}topic/${IOT_VARIABLE('iot:ClientId')}/*` },
    ];
    expect(decide(notResource, 'iot:Publish', 'topic/me/x', { 'iot:ClientId': 'me' })).toBe('allowed');
    expect(decide(notResource, 'iot:Publish', 'topic/you/x', { 'iot:ClientId': 'me' })).toBe('explicitDeny');
    expect(decide(notResource, 'iot:Publish', 'topic/me/x')).toBe('explicitDeny');
  });

  it('takes every pattern of * and ? as a naive matcher does', () => {
    const letters = fc.array(fc.constantFrom('a', 'b', '*', '?', '/', '+'), { maxLength: 8 });
    fc.assert(
      fc.property(
        letters,
        fc.array(fc.constantFrom('a', 'b', '/', '+', '*'), { maxLength: 10 }),
        (pattern, text) => {
          const expected = naive(pattern, text) ? 'allowed' : 'implicitDeny';
          expect(
            decide([allow('iot:Publish', `${ARN}${pattern.join('')}`)], 'iot:Publish', text.join('')),
          ).toBe(expected);
        },
      ),
      { numRuns: 500 },
    );
  });
});

function naive(pattern: readonly string[], text: readonly string[]): boolean {
  const [first, ...rest] = pattern;
  if (first === undefined) return text.length === 0;
  if (first === '*') return naive(rest, text) || (text.length > 0 && naive(pattern, text.slice(1)));
  return text.length > 0 && (first === '?' || first === text[0]) && naive(rest, text.slice(1));
}

describe('a policy variable', () => {
  const own = [allow('iot:Publish', `${ARN}topic/${IOT_VARIABLE('iot:ClientId')}/data`)];

  it('stands for its value, under its name in any case', () => {
    expect(decide(own, 'iot:Publish', 'topic/roof/data', { 'iot:ClientId': 'roof' })).toBe('allowed');
    expect(decide(own, 'iot:Publish', 'topic/roof/data', { 'IOT:CLIENTID': 'roof' })).toBe('allowed');
    expect(decide(own, 'iot:Publish', 'topic/cellar/data', { 'iot:ClientId': 'roof' })).toBe('implicitDeny');
  });

  it.each(['*', '?', '$' + '{iot:ClientId}', 'a*', '__proto__'])(
    'is literal text when its value is %s',
    (id) => {
      expect(decide(own, 'iot:Publish', 'topic/x/data', { 'iot:ClientId': id })).toBe('implicitDeny');
      expect(decide(own, 'iot:Publish', `topic/${id}/data`, { 'iot:ClientId': id })).toBe('allowed');
    },
  );

  it('without a value makes the resource match nothing, not even its own text', () => {
    for (const topic of ['', IOT_VARIABLE('iot:ClientId')])
      expect(decide(own, 'iot:Publish', `topic/${topic}/data`)).toBe('implicitDeny');
  });

  it.each(['a*', 'a$', 'a+', 'a?', 'a#', 'x'.repeat(1025)])(
    'of a certificate is not used when its value is %s',
    (value) => {
      const name = 'iot:Certificate.Subject.CommonName';
      const statement = [allow('iot:Publish', `${ARN}topic/${IOT_VARIABLE(name)}`)];
      expect(decide(statement, 'iot:Publish', `topic/${value}`, { [name]: value })).toBe('implicitDeny');
      expect(decide(statement, 'iot:Publish', 'topic/ok', { [name]: 'ok' })).toBe('allowed');
    },
  );

  it('that has several values is not used', () => {
    expect(decide(own, 'iot:Publish', 'topic/a/data', { 'iot:ClientId': ['a', 'b'] })).toBe('implicitDeny');
  });
});

describe('a condition', () => {
  const met = (condition: object, values: Values): boolean =>
    decide([allow('iot:Connect', '*', { Condition: condition })], 'iot:Connect', 'client/a', values) ===
    'allowed';

  test.each<[object, Values, boolean]>([
    [{ StringEquals: { k: ['a', 'b'] } }, { k: 'b' }, true],
    [{ StringEquals: { k: 'a' } }, { k: 'A' }, false],
    [{ StringEquals: { k: 'a*' } }, { k: 'ab' }, false],
    [{ StringEquals: { k: 'a' } }, {}, false],
    [{ StringEqualsIfExists: { k: 'a' } }, {}, true],
    [{ StringEqualsIfExists: { k: 'a' } }, { k: 'b' }, false],
    [{ StringNotEquals: { k: ['a', 'b'] } }, { k: 'b' }, false],
    [{ StringNotEquals: { k: ['a', 'b'] } }, { k: 'c' }, true],
    [{ StringNotEquals: { k: 'a' } }, {}, true],
    [{ StringNotEquals: { k: IOT_VARIABLE('iot:ClientId') } }, { k: 'a' }, false],
    [{ StringEqualsIgnoreCase: { k: 'ABC' } }, { k: 'abc' }, true],
    [{ StringNotEqualsIgnoreCase: { k: 'ABC' } }, { k: 'abc' }, false],
    [{ StringLike: { k: 'a*c' } }, { k: 'abc' }, true],
    [{ StringNotLike: { k: 'a*c' } }, { k: 'abc' }, false],
    [{ ArnLike: { k: 'arn:aws:iot:*:topic/?' } }, { k: 'arn:aws:iot:x:topic/a' }, true],
    [{ ArnNotEquals: { k: 'arn:a' } }, { k: 'arn:a' }, false],
    [
      { Bool: { 'iot:Connection.Thing.IsAttached': 'true' } },
      { 'iot:Connection.Thing.IsAttached': 'true' },
      true,
    ],
    [
      { Bool: { 'iot:Connection.Thing.IsAttached': true } },
      { 'iot:Connection.Thing.IsAttached': 'false' },
      false,
    ],
    [{ NumericLessThan: { k: '10' } }, { k: '9' }, true],
    [{ NumericGreaterThanEquals: { k: 10 } }, { k: '9.5' }, false],
    [{ NumericEquals: { k: '1.0' } }, { k: '1' }, true],
    [{ NumericNotEquals: { k: '1' } }, { k: '1' }, false],
    [{ NumericLessThan: { k: '10' } }, { k: 'nine' }, false],
    [{ IpAddress: { 'aws:SourceIp': '10.1.0.0/16' } }, { 'aws:SourceIp': '10.1.200.3' }, true],
    [{ IpAddress: { 'aws:SourceIp': '10.1.0.0/16' } }, { 'aws:SourceIp': '10.2.0.1' }, false],
    [{ IpAddress: { 'aws:SourceIp': '127.0.0.1' } }, { 'aws:SourceIp': '::ffff:127.0.0.1' }, true],
    [{ IpAddress: { 'aws:SourceIp': '2001:db8::/32' } }, { 'aws:SourceIp': '2001:db8:1::1' }, true],
    [{ NotIpAddress: { 'aws:SourceIp': '10.0.0.0/8' } }, { 'aws:SourceIp': '10.0.0.1' }, false],
    [{ IpAddress: { 'aws:SourceIp': '300.1.1.1' } }, { 'aws:SourceIp': '300.1.1.1' }, false],
    [{ Null: { k: 'true' } }, {}, true],
    [{ Null: { k: 'true' } }, { k: 'a' }, false],
    [{ Null: { k: 'false' } }, { k: 'a' }, true],
    [{ 'ForAllValues:StringEquals': { k: ['a', 'b'] } }, { k: ['a'] }, true],
    [{ 'ForAllValues:StringEquals': { k: ['a', 'b'] } }, { k: ['a', 'c'] }, false],
    [{ 'ForAllValues:StringEquals': { k: ['a'] } }, {}, true],
    [{ 'ForAnyValue:StringEquals': { k: ['a', 'b'] } }, { k: ['c', 'b'] }, true],
    [{ 'ForAnyValue:StringEquals': { k: ['a'] } }, {}, false],
    [{ 'ForAllValues:StringNotEquals': { k: ['LastWill'] } }, { k: ['PersistentConnect'] }, true],
    [{ StringEquals: { a: '1', b: '2' } }, { a: '1' }, false],
    [{ StringEquals: { a: '1' }, Bool: { b: 'true' } }, { a: '1', b: 'true' }, true],
    [{ StringEquals: { k: `x-${IOT_VARIABLE('iot:ClientId')}` } }, { k: 'x-me', 'iot:ClientId': 'me' }, true],
    [{ StringEquals: { constructor: 'a' } }, {}, false],
  ])('%j over %j is met: %s', (condition, values, expected) => {
    expect(met(condition, values)).toBe(expected);
  });
});
