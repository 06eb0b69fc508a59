import { StackError } from './stack-error.ts';
import type { Properties, Template, TemplateResource } from './template.ts';
import { textOf } from './template.ts';

/** Where a stack is deployed, for the pseudo parameters. */
export interface StackPlace {
  readonly accountId: string;
  readonly region: string;
  readonly stackName: string;
}

/**
 * Replaces Ref, Fn::GetAtt, Fn::Sub, Fn::Join, Fn::Select, Fn::Split and the pseudo parameters by the values that the
 * resources have in `place` (AWS CloudFormation user guide, intrinsic function reference).
 *
 * @throws StackError for an intrinsic function or a resource that is not known
 */
export function resolveIntrinsics(template: Template, place: StackPlace): (value: unknown) => unknown {
  const resolve = (value: unknown): unknown => {
    if (Array.isArray(value)) return value.map(resolve);
    if (value === null || typeof value !== 'object') return value;
    const entries = Object.entries(value);
    const [name, argument] = entries[0] ?? [];
    if (entries.length === 1 && name && (name === 'Ref' || name.startsWith('Fn::'))) {
      return callIntrinsic(name, argument, { resolve, reference, attribute });
    }
    return Object.fromEntries(entries.map(([key, entry]) => [key, resolve(entry)]));
  };
  const resourceOf = (logicalId: string): TemplateResource => {
    const resource = template.Resources[logicalId];
    if (!resource)
      throw new StackError(`Cannot resolve a reference to '${logicalId}': the template has no such resource`);
    return resource;
  };
  const nameOf = (logicalId: string): string => {
    const resource = resourceOf(logicalId);
    const property = NAMES[resource.Type]?.property;
    const name = property && textOf(resolve(resource.Properties ?? {}) as Properties, property);
    return name ?? `${place.stackName}-${logicalId}`.toLowerCase();
  };
  const arnOf = (logicalId: string): string => {
    const { Type } = resourceOf(logicalId);
    const arn = NAMES[Type]?.arn;
    if (!arn) throw new StackError(`Cannot resolve the ARN of '${logicalId}': ${Type} is not known here`);
    return arn(nameOf(logicalId), place);
  };
  const reference = (logicalId: string): unknown => {
    if (logicalId.startsWith('AWS::')) return pseudoParameter(logicalId, place);
    const { Type } = resourceOf(logicalId);
    const naming = NAMES[Type];
    if (!naming) return logicalId;
    return naming.isReferencedByArn
      ? arnOf(logicalId)
      : (naming.reference?.(nameOf(logicalId), place) ?? nameOf(logicalId));
  };
  const attribute = (logicalId: string, name: string): unknown => {
    if (ARN_ATTRIBUTES.has(name)) return arnOf(logicalId);
    return name === 'QueueName' ? nameOf(logicalId) : `${logicalId}.${name}`;
  };
  return resolve;
}

/** Attributes that give the ARN of a resource (CloudFormation template reference, return values). */
const ARN_ATTRIBUTES = new Set(['Arn', 'RoleAliasArn', 'TemplateArn']);

/** The address of a queue on AWS. */
export function queueUrl(name: string, { region, accountId }: StackPlace): string {
  return `https://sqs.${region}.amazonaws.com/${accountId}/${name}`;
}

interface Naming {
  readonly property: string;
  readonly arn: (name: string, place: StackPlace) => string;
  readonly isReferencedByArn?: boolean;
  /** What Ref gives, where it is neither the name nor the ARN. */
  readonly reference?: (name: string, place: StackPlace) => string;
}

const regional =
  (service: string, kind: string) =>
  (name: string, { region, accountId }: StackPlace): string =>
    `arn:aws:${service}:${region}:${accountId}:${kind}${name}`;

/** Which property names a resource, and how its ARN is made (service authorization reference, resource types). */
const NAMES: Readonly<Record<string, Naming>> = {
  'AWS::Kinesis::Stream': { property: 'Name', arn: regional('kinesis', 'stream/') },
  'AWS::KinesisFirehose::DeliveryStream': {
    property: 'DeliveryStreamName',
    arn: regional('firehose', 'deliverystream/'),
  },
  'AWS::DynamoDB::Table': { property: 'TableName', arn: regional('dynamodb', 'table/') },
  'AWS::S3::Bucket': { property: 'BucketName', arn: (name) => `arn:aws:s3:::${name}` },
  'AWS::SNS::Topic': { property: 'TopicName', arn: regional('sns', ''), isReferencedByArn: true },
  'AWS::SQS::Queue': { property: 'QueueName', arn: regional('sqs', ''), reference: queueUrl },
  'AWS::Lambda::Function': { property: 'FunctionName', arn: regional('lambda', 'function:') },
  'AWS::IoT::TopicRule': { property: 'RuleName', arn: regional('iot', 'rule/') },
  'AWS::IoT::Policy': { property: 'PolicyName', arn: regional('iot', 'policy/') },
  'AWS::IoT::ProvisioningTemplate': {
    property: 'TemplateName',
    arn: regional('iot', 'provisioningtemplate/'),
  },
  'AWS::IoT::RoleAlias': { property: 'RoleAlias', arn: regional('iot', 'rolealias/') },
  'AWS::KinesisAnalyticsV2::Application': {
    property: 'ApplicationName',
    arn: regional('kinesisanalytics', 'application/'),
  },
  'AWS::Logs::LogStream': { property: 'LogStreamName', arn: regional('logs', 'log-stream:') },
  'AWS::Logs::LogGroup': { property: 'LogGroupName', arn: regional('logs', 'log-group:') },
  'AWS::Events::Rule': { property: 'Name', arn: regional('events', 'rule/') },
  'AWS::IAM::Role': {
    property: 'RoleName',
    arn: (name, { accountId }) => `arn:aws:iam::${accountId}:role/${name}`,
  },
};

function pseudoParameter(name: string, place: StackPlace): unknown {
  const values: Record<string, string> = {
    'AWS::AccountId': place.accountId,
    'AWS::Region': place.region,
    'AWS::StackName': place.stackName,
    'AWS::Partition': 'aws',
    'AWS::URLSuffix': 'amazonaws.com',
  };
  const value = values[name];
  if (value === undefined)
    throw new StackError(`Cannot resolve the pseudo parameter '${name}': it is not known here`);
  return value;
}

interface Resolvers {
  readonly resolve: (value: unknown) => unknown;
  readonly reference: (logicalId: string) => unknown;
  readonly attribute: (logicalId: string, name: string) => unknown;
}

function callIntrinsic(
  name: string,
  argument: unknown,
  { resolve, reference, attribute }: Resolvers,
): unknown {
  switch (name) {
    case 'Ref':
      return reference(argument as string);
    case 'Fn::GetAtt': {
      const [logicalId, path] =
        typeof argument === 'string' ? splitOnce(argument, '.') : (argument as [string, string]);
      return attribute(logicalId, path);
    }
    case 'Fn::Join': {
      const [separator, parts] = argument as [string, unknown[]];
      return (resolve(parts) as unknown[]).join(separator);
    }
    case 'Fn::Sub':
      return substitute(argument, { resolve, reference, attribute });
    case 'Fn::Select': {
      const [index, list] = argument as [number | string, unknown];
      return (resolve(list) as unknown[])[Number(index)];
    }
    case 'Fn::Split': {
      const [separator, text] = argument as [string, unknown];
      return String(resolve(text)).split(separator);
    }
    default:
      throw new StackError(`Cannot resolve '${name}': the intrinsic function is not known here`);
  }
}

function substitute(argument: unknown, { resolve, reference, attribute }: Resolvers): string {
  const [text, values] = Array.isArray(argument)
    ? (argument as [string, Properties])
    : [argument as string, {}];
  return text.replace(/\$\{(!?)([^}]+)\}/g, (whole, escaped: string, name: string) => {
    if (escaped) return `\${${name}}`;
    if (name in values) return String(resolve(values[name]));
    if (!name.includes('.')) return String(reference(name));
    return String(attribute(...splitOnce(name, '.'))) || whole;
  });
}

function splitOnce(text: string, separator: string): [string, string] {
  const at = text.indexOf(separator);
  return at < 0 ? [text, ''] : [text.slice(0, at), text.slice(at + separator.length)];
}
