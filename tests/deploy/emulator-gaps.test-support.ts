/** A resource type that the emulator refuses: it is taken out of the template before the deploy. */
export interface MissingType {
  readonly type: string;
  readonly reason: string;
}

/** A property that the emulator takes and does not keep, so that reading it back proves nothing. */
export interface MissingProperty {
  readonly type: string;
  readonly property: string;
  readonly reason: string;
}

/** Something that a deployed resource does on AWS and not in the emulator. */
export interface MissingBehaviour {
  readonly what: string;
  readonly reason: string;
}

export const MISSING_TYPES: readonly MissingType[] = [
  { type: 'AWS::Budgets::Budget', reason: 'its CloudFormation refuses the type' },
  { type: 'AWS::IoT::Logging', reason: 'its CloudFormation refuses the type' },
  { type: 'AWS::IoT::RoleAlias', reason: 'its CloudFormation refuses the type' },
];

export const MISSING_PROPERTIES: readonly MissingProperty[] = [
  {
    type: 'AWS::Kinesis::Stream',
    property: 'StreamEncryption',
    reason: 'its CloudFormation drops it; the stream says NONE',
  },
  {
    type: 'AWS::DynamoDB::Table',
    property: 'PointInTimeRecoverySpecification',
    reason: 'its CloudFormation drops it; the table says DISABLED',
  },
  {
    type: 'AWS::DynamoDB::Table',
    property: 'TimeToLiveSpecification',
    reason: 'its CloudFormation drops it; the table says DISABLED',
  },
  {
    type: 'AWS::S3::Bucket',
    property: 'LifecycleConfiguration',
    reason: 'its CloudFormation drops it; the bucket has none',
  },
  {
    type: 'AWS::SNS::Topic',
    property: 'KmsMasterKeyId',
    reason: 'its CloudFormation drops it; the topic has no key',
  },
  {
    type: 'AWS::Lambda::EventSourceMapping',
    property: 'TumblingWindowInSeconds',
    reason: 'it knows no tumbling windows',
  },
  {
    type: 'AWS::ApiGatewayV2::Stage',
    property: 'DefaultRouteSettings',
    reason: 'it takes the settings in the template and answers none; nothing is throttled',
  },
  {
    type: 'AWS::ApiGatewayV2::Integration',
    property: 'IntegrationSubtype',
    reason: 'it knows no integrations with services; the route answers, and nothing reaches the queue',
  },
  {
    type: 'AWS::ApiGatewayV2::Integration',
    property: 'CredentialsArn',
    reason: 'it knows no integrations with services',
  },
  {
    type: 'AWS::KMS::Key',
    property: 'PendingWindowInDays',
    reason: 'no service answers it before the key is being deleted, AWS neither',
  },
];

export const MISSING_BEHAVIOURS: readonly MissingBehaviour[] = [
  {
    what: 'cast() in the SQL of topic rules',
    reason:
      'the function is Undefined there, so the rule telemetry never matches; records are put on the stream instead',
  },
  {
    what: 'the integration of the HTTP API with SQS',
    reason: 'messages are sent to the queue instead, as API Gateway would',
  },
  {
    what: 'tumbling windows of event source mappings',
    reason: 'the function gets no state; it is invoked with the event that Lambda would send',
  },
];
