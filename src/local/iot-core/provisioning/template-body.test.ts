import { describe, expect, test } from 'vitest';
import { parseTemplateBody } from './template-body.ts';
import { templateOf, templateWith } from './templates.test-support.ts';

const thing = (properties: object, more: object = {}) => ({
  thing: { Type: 'AWS::IoT::Thing', Properties: properties, ...more },
});
const certificate = (properties: object) => ({
  certificate: { Type: 'AWS::IoT::Certificate', Properties: properties },
});

test('a template has parameters with defaults, resources and a device configuration', () => {
  const body = parseTemplateBody(templateWith());
  expect([...body.parameters]).toEqual([
    ['SerialNumber', undefined],
    ['Place', 'WA'],
    ['AWS::IoT::Certificate::Id', undefined],
  ]);
  expect(body.resources.map(({ logicalName }) => logicalName)).toEqual(['thing', 'certificate', 'policy']);
  expect([...body.deviceConfiguration.keys()]).toEqual(['station', 'interval']);
});

describe('what is wrong is refused with its place', () => {
  test.each<[string, string, string]>([
    ['no JSON', '{', 'the beginning: it is not JSON'],
    [
      'more than 10 KiB',
      templateWith({ Mappings: { m: { a: { b: 'x'.repeat(10_240) } } } }),
      'may have 10240',
    ],
    ['a list', '[]', 'the beginning: an object is expected'],
    ['no resources', '{}', 'Resources: an object is expected'],
    ['an unknown section', templateWith({ Outputs: {} }), "'Outputs' is not known here"],
    [
      'a parameter of another type',
      templateWith({ Parameters: { n: { Type: 'Number' } } }),
      'Parameters.n.Type: the only type is "String", not "Number"',
    ],
    [
      'a default that is no text',
      templateWith({ Parameters: { n: { Type: 'String', Default: 1 } } }),
      'Parameters.n.Default',
    ],
    ['a mapping of two levels', templateWith({ Mappings: { m: { a: 'b' } } }), 'Mappings.m.a: an object'],
    [
      'an unknown type of resource',
      templateOf({ x: { Type: 'AWS::IoT::Job' } }),
      'Resources.x.Type: "AWS::IoT::Job" is none of',
    ],
    ['a type from the prototype', templateOf({ x: { Type: 'constructor' } }), 'Resources.x.Type'],
    ['a thing without a name', templateOf(thing({})), 'Resources.thing.Properties: ThingName is missing'],
    [
      'an unknown property',
      templateOf(thing({ ThingName: 'a', Colour: 'red' })),
      "Resources.thing.Properties: 'Colour' is not known here",
    ],
    [
      'groups, which are not emulated',
      templateOf(thing({ ThingName: 'a', ThingGroups: ['g'] })),
      'Resources.thing.Properties.ThingGroups: it is not emulated',
    ],
    ['two things', templateOf({ ...thing({ ThingName: 'a' }), b: thing({ ThingName: 'b' }).thing }), '2 of'],
    [
      'an undeclared parameter',
      templateOf(thing({ ThingName: { Ref: 'Nobody' } })),
      'Resources.thing.Properties.ThingName.Ref: "Nobody" is not a parameter',
    ],
    [
      'an unknown function',
      templateOf(thing({ ThingName: { 'Fn::GetAtt': ['a', 'b'] } })),
      "'Fn::GetAtt' is not a function of provisioning templates",
    ],
    [
      'a number as a name',
      templateOf(thing({ ThingName: 7 })),
      'Resources.thing.Properties.ThingName: a text or one function is expected, not 7',
    ],
    [
      'a list where a text is expected',
      templateOf(thing({ ThingName: { 'Fn::Split': ['-', 'a-b'] } })),
      'Fn::Split gives a list',
    ],
    [
      'a Join without a list',
      templateOf(thing({ ThingName: { 'Fn::Join': ['-', 'ab'] } })),
      'ThingName.Fn::Join[1]: a text or one function',
    ],
    [
      'a separator without characters',
      templateOf(thing({ ThingName: { 'Fn::Select': [0, { 'Fn::Split': ['', 'ab'] }] } })),
      'Fn::Split[0]',
    ],
    [
      'FindInMap without mappings',
      templateOf(thing({ ThingName: { 'Fn::FindInMap': ['m', 'a', 'b'] } })),
      'the template has no Mappings',
    ],
    [
      'an undeclared name in Sub',
      templateOf(thing({ ThingName: { 'Fn::Sub': '$' + '{Nobody}' } })),
      'ThingName.Fn::Sub: "Nobody" is not a parameter',
    ],
    [
      'an override that is none',
      templateOf(thing({ ThingName: 'a' }, { OverrideSettings: { AttributePayload: 'PERHAPS' } })),
      'Resources.thing.OverrideSettings.AttributePayload: "PERHAPS" is none of',
    ],
    [
      'MERGE of a type',
      templateOf(thing({ ThingName: 'a' }, { OverrideSettings: { ThingTypeName: 'MERGE' } })),
      'Resources.thing.OverrideSettings.ThingTypeName',
    ],
    [
      'a policy without anything',
      templateOf({ p: { Type: 'AWS::IoT::Policy', Properties: {} } }),
      'Resources.p.Properties: PolicyName or PolicyDocument',
    ],
    [
      'a certificate of nothing',
      templateOf(certificate({ Status: 'ACTIVE' })),
      'exactly one of CertificateId',
    ],
    [
      'an authority without its certificate',
      templateOf(certificate({ CertificateId: 'a', CACertificatePem: 'b' })),
      'CACertificatePem: it goes with CertificatePem only',
    ],
  ])('%s', (_, text, message) => {
    expect(() => parseTemplateBody(text)).toThrow(message);
  });
});
