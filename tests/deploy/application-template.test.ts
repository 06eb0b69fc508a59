import { createRequire } from 'node:module';
import { describe, expect, it } from 'vitest';

type Resources = Record<string, { Type: string; Properties: Record<string, unknown> }>;
interface DeployedTemplate {
  readonly Metadata?: Readonly<Record<string, unknown>>;
  readonly Resources: Resources;
}
const { applicationsOf, beginAt, nameJar, namesInStartOrder, textProperties } = createRequire(
  import.meta.url,
)('../../bin/flink/application-template.cjs') as {
  applicationsOf(template: DeployedTemplate): object[];
  beginAt(from: string, applications: object[], template: DeployedTemplate): void;
  nameJar(from: string, to: string, template: DeployedTemplate): void;
  namesInStartOrder(template: DeployedTemplate): string[];
  textProperties(resource: Resources[string]): void;
};

const application = (ApplicationName: string) => ({
  Type: 'AWS::KinesisAnalyticsV2::Application',
  Properties: { ApplicationName },
});
const CHAIN: DeployedTemplate = {
  Metadata: {
    'Mesonet::StreamingApplications': [
      { Name: 'first', Application: 'First', Input: 'Readings', Outputs: { OUT: { Stream: 'Windows' } } },
      { Name: 'here', Function: 'Aggregate', Input: 'Readings', Outputs: {} },
    ],
    'Mesonet::StreamingApplications::More': [
      { Name: 'second', Application: 'Second', Input: 'Windows', Outputs: { OUT: { Stream: 'Alerts' } } },
      { Name: 'third', Application: 'Third', Input: 'Alerts', Outputs: {} },
    ],
    Other: [{ Name: 'none', Application: 'None' }],
  },
  Resources: { First: application('a'), Second: application('b'), Third: application('c') },
};

describe('the applications of a template', () => {
  it('are those of all lists', () => {
    expect(applicationsOf(CHAIN).map((each) => (each as { Name: string }).Name)).toEqual([
      'first',
      'here',
      'second',
      'third',
    ]);
    expect(applicationsOf({ Resources: {} })).toEqual([]);
  });

  it('start in the order in which whoever is fed comes before who feeds it', () => {
    expect(namesInStartOrder(CHAIN)).toEqual(['c', 'b', 'a']);
  });

  it('get the name of their jar wherever it stands', () => {
    const Policy = { 'Fn::Sub': `\${Bucket.Arn}/flink/first.jar` };
    const template = {
      Resources: {
        App: { Type: 'A', Properties: { FileKey: 'flink/first.jar' } },
        Role: { Type: 'R', Properties: { Policy } },
        Other: { Type: 'O', Properties: { FileKey: 'flink/second.jar' } },
      } as Resources,
    };
    nameJar('flink/first.jar', 'x/first-1.jar', template);
    expect(template.Resources.App!.Properties).toEqual({ FileKey: 'x/first-1.jar' });
    expect(template.Resources.Role!.Properties).toEqual({
      Policy: { 'Fn::Sub': `\${Bucket.Arn}/x/first-1.jar` },
    });
    expect(template.Resources.Other!.Properties).toEqual({ FileKey: 'flink/second.jar' });
  });

  it('have text in their property maps, whatever a parameter was', () => {
    const PropertyMap = { 'flink.pipeline.max-parallelism': 8, region: { Ref: 'AWS::Region' } };
    const PropertyGroups = [{ PropertyGroupId: 'runner', PropertyMap }];
    textProperties({
      Type: 'A',
      Properties: { ApplicationConfiguration: { EnvironmentProperties: { PropertyGroups } } },
    });
    expect(PropertyMap).toEqual({ 'flink.pipeline.max-parallelism': '8', region: { Ref: 'AWS::Region' } });
  });

  it('begin where it is said, if a function runs them, and at the oldest reading else', () => {
    const mapping = (id: string) => ({
      Type: 'AWS::Lambda::EventSourceMapping',
      Properties: { FunctionName: { 'Fn::GetAtt': [id, 'Arn'] }, StartingPosition: 'TRIM_HORIZON' },
    });
    const make = () => ({ Resources: { Own: mapping('Aggregate'), Other: mapping('Store') } as Resources });
    const usual = make();
    beginAt('1970-01-01T00:00:00Z', applicationsOf(CHAIN), usual);
    expect(usual).toEqual(make());
    const given = make();
    beginAt('2026-11-21T10:05:00Z', applicationsOf(CHAIN), given);
    expect(given.Resources.Own!.Properties).toMatchObject({
      StartingPosition: 'AT_TIMESTAMP',
      StartingPositionTimestamp: 1_795_255_500,
    });
    expect(given.Resources.Other).toEqual(make().Resources.Other);
  });
});
