import type { Template } from '../../src/stack/template.ts';

/** A value that only the service knows, such as the URL of a user pool. */
export const ONLY_THE_SERVICE_KNOWS = Symbol('only the service knows');

export interface ExpectedResource {
  readonly id: string;
  readonly type: string;
  /** What the service calls it. */
  readonly physicalId: string;
  /** The template's properties with every reference replaced by what was deployed. */
  readonly properties: Readonly<Record<string, unknown>>;
}

const ACCOUNT = '000000000000';
const REGION = 'us-east-1';

const PSEUDO: Readonly<Record<string, string>> = {
  'AWS::AccountId': ACCOUNT,
  'AWS::Region': REGION,
  'AWS::Partition': 'aws',
  'AWS::URLSuffix': 'amazonaws.com',
};

const arn = (service: string, kind: string) => (name: string) =>
  `arn:aws:${service}:${REGION}:${ACCOUNT}:${kind}${name}`;

/** ARNs by resource type, of what the service calls the resource. */
const ARNS: Readonly<Record<string, (physicalId: string) => string>> = {
  'AWS::Kinesis::Stream': arn('kinesis', 'stream/'),
  'AWS::KinesisFirehose::DeliveryStream': arn('firehose', 'deliverystream/'),
  'AWS::DynamoDB::Table': arn('dynamodb', 'table/'),
  'AWS::S3::Bucket': (name) => `arn:aws:s3:::${name}`,
  'AWS::Lambda::Function': arn('lambda', 'function:'),
  'AWS::SQS::Queue': (url) => arn('sqs', '')(url.split('/').at(-1) ?? ''),
  'AWS::IoT::TopicRule': arn('iot', 'rule/'),
  'AWS::IoT::ProvisioningTemplate': arn('iot', 'provisioningtemplate/'),
  'AWS::Logs::LogGroup': (name) => `${arn('logs', 'log-group:')(name)}:*`,
  'AWS::Events::Rule': arn('events', 'rule/'),
  'AWS::KMS::Key': arn('kms', 'key/'),
  'AWS::IAM::Role': (name) => `arn:aws:iam::${ACCOUNT}:role/${name}`,
};

/** What a template must have become, by the names that the stack's resources have now. */
export function expectResources(
  { Resources }: Template,
  physicalIds: ReadonlyMap<string, string>,
): readonly ExpectedResource[] {
  const reference = (name: string): unknown =>
    PSEUDO[name] ?? physicalIds.get(name) ?? ONLY_THE_SERVICE_KNOWS;
  const attribute = (id: string, name: string): unknown => {
    const physicalId = physicalIds.get(id);
    const arnOf = ARNS[Resources[id]?.Type ?? ''];
    if (name === 'QueueName') return physicalId?.split('/').at(-1);
    return name === 'Arn' && arnOf && physicalId !== undefined ? arnOf(physicalId) : ONLY_THE_SERVICE_KNOWS;
  };
  const resolve = resolver({ reference, attribute });
  return Object.entries(Resources).map(([id, { Type, Properties }]) => ({
    id,
    type: Type,
    physicalId: physicalIds.get(id) ?? '',
    properties: resolve(Properties ?? {}) as Record<string, unknown>,
  }));
}

interface Lookups {
  readonly reference: (name: string) => unknown;
  readonly attribute: (id: string, name: string) => unknown;
}

function resolver({ reference, attribute }: Lookups): (value: unknown) => unknown {
  const join = (parts: readonly unknown[], separator: string): unknown =>
    parts.includes(ONLY_THE_SERVICE_KNOWS) ? ONLY_THE_SERVICE_KNOWS : parts.join(separator);
  const named = (name: string): unknown => {
    const [id = '', ...path] = name.split('.');
    return path.length > 0 ? attribute(id, path.join('.')) : reference(name);
  };
  const resolve = (value: unknown): unknown => {
    if (Array.isArray(value)) return value.map(resolve);
    if (value === null || typeof value !== 'object') return value;
    const [[name = '', argument] = []] = Object.entries(value);
    switch (name) {
      case 'Ref':
        return reference(String(argument));
      case 'Fn::GetAtt':
        return named((argument as string[]).join('.'));
      case 'Fn::Join': {
        const [separator, parts] = argument as [string, unknown[]];
        return join(parts.map(resolve), separator);
      }
      case 'Fn::Sub': {
        const pieces = String(argument).split(/(\$\{[^}]+\})/);
        return join(
          pieces.map((piece) => {
            if (!/^\$\{[^}]+\}$/.test(piece)) return piece;
            return piece.startsWith('$' + '{!') ? piece.replace('!', '') : named(piece.slice(2, -1));
          }),
          '',
        );
      }
      default:
        return Object.fromEntries(Object.entries(value).map(([key, entry]) => [key, resolve(entry)]));
    }
  };
  return resolve;
}

/**
 * Where the deployed value is not what is expected, as sentences; members that only the deployed value has are the
 * service's own business.
 */
export function differences(expected: unknown, deployed: unknown, path: string): readonly string[] {
  if (expected === ONLY_THE_SERVICE_KNOWS) return deployed === undefined ? [`${path} is not there`] : [];
  if (Array.isArray(expected)) {
    const list = Array.isArray(deployed) ? deployed : [deployed];
    if (list.length !== expected.length)
      return [`${path} has ${list.length} entries, not ${expected.length}: ${JSON.stringify(deployed)}`];
    return expected.flatMap((each, i) => differences(each, list[i], `${path}[${i}]`));
  }
  if (expected !== null && typeof expected === 'object') {
    const members = (deployed ?? {}) as Record<string, unknown>;
    return Object.entries(expected).flatMap(([name, each]) =>
      differences(each, members[name], `${path}.${name}`),
    );
  }
  if (String(expected) === String(deployed)) return [];
  return [`${path} is ${JSON.stringify(deployed)}, not ${JSON.stringify(expected)}`];
}
