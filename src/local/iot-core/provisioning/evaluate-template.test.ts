import fc from 'fast-check';
import { expect, test } from 'vitest';
import { evaluateTemplate } from './evaluate-template.ts';
import { parseTemplateBody } from './template-body.ts';
import { templateOf, templateWith } from './templates.test-support.ts';

const ref = (name: string): string => `\${${name}}`;
const ID = 'AWS::IoT::Certificate::Id';
const plan = (text: string, parameters: Record<string, string> = {}) =>
  evaluateTemplate(parseTemplateBody(text), { SerialNumber: 'sn-1', [ID]: 'c'.repeat(64), ...parameters });
const nameFrom = (expression: unknown, more: object = {}): string | undefined =>
  plan(templateOf({ t: { Type: 'AWS::IoT::Thing', Properties: { ThingName: expression } } }, more)).thing
    ?.thingName;

test('parameters take the place of references, defaults of what is not said', () => {
  expect(plan(templateWith())).toEqual({
    thing: {
      logicalName: 'thing',
      thingName: 'sn-1',
      thingTypeName: undefined,
      attributes: { place: 'WA' },
      attributesOverride: 'DO_NOTHING',
      typeOverride: 'DO_NOTHING',
    },
    certificate: {
      logicalName: 'certificate',
      certificateId: 'c'.repeat(64),
      signingRequest: undefined,
      pem: undefined,
      caPem: undefined,
      status: 'ACTIVE',
      statusOverride: 'DO_NOTHING',
    },
    policies: [{ logicalName: 'policy', policyName: 'station', document: undefined }],
    deviceConfiguration: { station: 'sn-1', interval: '10' },
  });
  expect(plan(templateWith(), { Place: 'IA' }).thing?.attributes).toEqual({ place: 'IA' });
});

test.each<[string, unknown, string]>([
  ['Join', { 'Fn::Join': ['-', ['a', { Ref: 'SerialNumber' }, 'b']] }, 'a-sn-1-b'],
  ['Join of Split', { 'Fn::Join': ['_', { 'Fn::Split': ['-', { Ref: 'SerialNumber' }] }] }, 'sn_1'],
  ['Select', { 'Fn::Select': [1, ['a', 'b']] }, 'b'],
  ['Select by a text', { 'Fn::Select': ['0', { 'Fn::Split': ['-', { Ref: 'SerialNumber' }] }] }, 'sn'],
  ['Sub', { 'Fn::Sub': `x-${ref('SerialNumber')}:${ref('Place')}` }, 'x-sn-1:WA'],
  [
    'Sub with names of its own',
    { 'Fn::Sub': [`${ref('Own')}-${ref('Place')}`, { Own: { Ref: 'SerialNumber' } }] },
    'sn-1-WA',
  ],
  ['FindInMap', { 'Fn::FindInMap': ['Region', { Ref: 'Place' }, 'name'] }, 'west'],
  [
    'functions in functions',
    {
      'Fn::Join': ['', [{ 'Fn::Select': ['1', ['a', { Ref: 'Place' }]] }, { 'Fn::Sub': `-${ref('Place')}` }]],
    },
    'WA-WA',
  ],
])('%s', (_, expression, expected) => {
  expect(nameFrom(expression, { Mappings: { Region: { WA: { name: 'west' } } } })).toBe(expected);
});

test('a literal in Sub keeps its braces', () => {
  const body = templateWith({
    DeviceConfiguration: { a: { 'Fn::Sub': `${ref('!iot:ClientId')}/${ref('Place')}` } },
  });
  expect(plan(body).deviceConfiguration).toEqual({ a: `${ref('iot:ClientId')}/WA` });
});

test.each<[string, unknown, string]>([
  ['an element that is not there', { 'Fn::Select': [2, ['a']] }, "has no element '2'"],
  ['an index that is none', { 'Fn::Select': ['length', ['a']] }, "has no element 'length'"],
  [
    'a mapping that is not there',
    { 'Fn::FindInMap': ['Region', 'XX', 'name'] },
    "no mapping 'Region.XX.name'",
  ],
  ['a mapping from the prototype', { 'Fn::FindInMap': ['Region', 'constructor', 'name'] }, 'no mapping'],
  ['a name that no thing has', 'a/b', "'a/b' is not a name of a thing"],
  ['a name without characters', '', 'is not a name of a thing'],
])('%s is an invalid parameter', (_, expression, message) => {
  const mappings = { Mappings: { Region: { WA: { name: 'west' } } } };
  expect(() => nameFrom(expression, mappings)).toThrow(
    expect.objectContaining({ code: 'InvalidParameters', message: expect.stringContaining(message) }),
  );
});

test('a parameter without value and default is named', () => {
  const body = parseTemplateBody(templateWith());
  expect(() => evaluateTemplate(body, { [ID]: 'c' })).toThrow("parameter 'SerialNumber' has no value");
});

test('attributes and status are what the registry takes', () => {
  expect(() => plan(templateWith(), { Place: 'a b' })).toThrow("'a b' cannot be the attribute 'place'");
  const certificate = {
    Type: 'AWS::IoT::Certificate',
    Properties: { CertificateId: { Ref: ID }, Status: { Ref: 'Place' } },
  };
  expect(() => plan(templateOf({ certificate }))).toThrow("becomes ACTIVE or INACTIVE, not 'WA'");
  expect(plan(templateOf({ certificate }), { Place: 'inactive' }).certificate?.status).toBe('INACTIVE');
});

test('Join of Split puts together what Split took apart, and what is no reference stays', () => {
  fc.assert(
    fc.property(fc.stringMatching(/^[a-zA-Z0-9:_-]{1,60}$/), (serial) => {
      const text = templateWith({
        DeviceConfiguration: {
          joined: { 'Fn::Join': ['-', { 'Fn::Split': ['-', { Ref: 'SerialNumber' }] }] },
          plain: `$${serial}$`,
        },
      });
      expect(plan(text, { SerialNumber: serial }).deviceConfiguration).toEqual({
        joined: serial,
        plain: `$${serial}$`,
      });
    }),
  );
});
