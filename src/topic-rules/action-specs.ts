/** What a member of an action may be. Members of an action are those of CloudFormation, `AWS::IoT::TopicRule Action`. */
export type MemberSpec =
  | TextSpec
  | { readonly kind: 'boolean'; readonly required?: true }
  | {
      readonly kind: 'number';
      readonly required?: true;
      readonly minimum: number;
      readonly maximum: number;
    }
  | { readonly kind: 'object'; readonly required?: true; readonly members: MemberSpecs }
  | {
      readonly kind: 'list';
      readonly required?: true;
      readonly members: MemberSpecs;
      readonly minimum: number;
      readonly maximum: number;
    }
  | { readonly kind: 'map'; readonly required?: true };

interface TextSpec {
  readonly kind: 'text';
  readonly required?: true;
  /** `${…}` in it is evaluated for each message (AWS IoT developer guide, iot-substitution-templates). */
  readonly isTemplate?: true;
  /** The texts that are allowed, unless a template makes them. */
  readonly oneOf?: readonly string[];
}

export type MemberSpecs = Readonly<Record<string, MemberSpec>>;

export interface ActionSpec {
  readonly members: MemberSpecs;
  /** Members of which there must be exactly one of each group. */
  readonly exclusive?: readonly (readonly string[])[];
}

const text: TextSpec = { kind: 'text' };
const template: TextSpec = { kind: 'text', isTemplate: true };
const needed = <Spec extends MemberSpec>(spec: Spec): Spec & { readonly required: true } => ({
  ...spec,
  required: true,
});
const oneOf = (...texts: readonly string[]): TextSpec => ({ kind: 'text', oneOf: texts });
const templateOneOf = (...texts: readonly string[]): TextSpec => ({ ...template, oneOf: texts });
const flag: MemberSpec = { kind: 'boolean' };
const role = needed(text);

const header: MemberSpecs = { Key: needed(text), Value: needed(template) };
const keyType = oneOf('STRING', 'NUMBER');
const openSearch: ActionSpec = {
  members: {
    Endpoint: needed(text),
    Index: needed(template),
    Type: needed(template),
    Id: needed(template),
    RoleArn: role,
  },
};

/**
 * The 23 rule actions by their names in CloudFormation (AWS IoT developer guide, iot-rule-actions; CloudFormation user
 * guide, `AWS::IoT::TopicRule Action`). `Salesforce` is an action of the API only, and DynamoDB's `Operation` a member of
 * the API only.
 */
export const ACTION_SPECS: Readonly<Record<string, ActionSpec>> = {
  CloudwatchAlarm: {
    members: {
      AlarmName: needed(template),
      StateReason: needed(template),
      StateValue: needed(templateOneOf('OK', 'ALARM', 'INSUFFICIENT_DATA')),
      RoleArn: role,
    },
  },
  CloudwatchLogs: { members: { LogGroupName: needed(template), BatchMode: flag, RoleArn: role } },
  CloudwatchMetric: {
    members: {
      MetricNamespace: needed(template),
      MetricName: needed(template),
      MetricValue: needed(template),
      MetricUnit: needed(template),
      MetricTimestamp: template,
      RoleArn: role,
    },
  },
  DynamoDB: {
    members: {
      TableName: needed(template),
      HashKeyField: needed(template),
      HashKeyValue: needed(template),
      HashKeyType: keyType,
      RangeKeyField: template,
      RangeKeyValue: template,
      RangeKeyType: keyType,
      PayloadField: template,
      Operation: templateOneOf('INSERT', 'UPDATE', 'DELETE'),
      RoleArn: role,
    },
  },
  DynamoDBv2: {
    members: {
      PutItem: { kind: 'object', required: true, members: { TableName: needed(template) } },
      RoleArn: role,
    },
  },
  Elasticsearch: openSearch,
  Firehose: {
    members: {
      DeliveryStreamName: needed(template),
      Separator: oneOf('\n', '\t', '\r\n', ','),
      BatchMode: flag,
      RoleArn: role,
    },
  },
  Http: {
    members: {
      Url: needed(template),
      ConfirmationUrl: text,
      Headers: { kind: 'list', members: header, minimum: 0, maximum: 100 },
      Auth: {
        kind: 'object',
        members: {
          Sigv4: {
            kind: 'object',
            members: { RoleArn: role, ServiceName: needed(text), SigningRegion: needed(text) },
          },
        },
      },
      EnableBatching: flag,
      BatchConfig: {
        kind: 'object',
        members: {
          MaxBatchOpenMs: { kind: 'number', minimum: 5, maximum: 200 },
          MaxBatchSize: { kind: 'number', minimum: 2, maximum: 10 },
          MaxBatchSizeBytes: { kind: 'number', minimum: 100, maximum: 131_072 },
          BatchAcrossTopics: flag,
        },
      },
    },
  },
  IotAnalytics: { members: { ChannelName: needed(text), BatchMode: flag, RoleArn: role } },
  IotEvents: {
    members: { InputName: needed(text), MessageId: template, BatchMode: flag, RoleArn: role },
    exclusive: [['MessageId', 'BatchMode']],
  },
  IotSiteWise: {
    members: {
      PutAssetPropertyValueEntries: {
        kind: 'list',
        required: true,
        minimum: 1,
        maximum: 10,
        members: {
          EntryId: template,
          AssetId: template,
          PropertyId: template,
          PropertyAlias: template,
          PropertyValues: {
            kind: 'list',
            required: true,
            minimum: 1,
            maximum: 10,
            members: {
              Value: {
                kind: 'object',
                required: true,
                members: {
                  StringValue: template,
                  IntegerValue: template,
                  DoubleValue: template,
                  BooleanValue: template,
                },
              },
              Timestamp: {
                kind: 'object',
                required: true,
                members: { TimeInSeconds: needed(template), OffsetInNanos: template },
              },
              Quality: templateOneOf('GOOD', 'BAD', 'UNCERTAIN'),
            },
          },
        },
      },
      RoleArn: role,
    },
  },
  Kafka: {
    members: {
      DestinationArn: needed(text),
      Topic: needed(template),
      Key: template,
      Partition: template,
      Headers: { kind: 'list', members: header, minimum: 1, maximum: 100 },
      ClientProperties: { kind: 'map', required: true },
    },
  },
  Kinesis: { members: { StreamName: needed(template), PartitionKey: template, RoleArn: role } },
  Lambda: { members: { FunctionArn: needed(template) } },
  Location: {
    members: {
      TrackerName: needed(template),
      DeviceId: needed(template),
      Latitude: needed(template),
      Longitude: needed(template),
      Timestamp: { kind: 'object', members: { Value: needed(template), Unit: template } },
      RoleArn: role,
    },
  },
  OpenSearch: openSearch,
  Republish: {
    members: {
      Topic: needed(template),
      Qos: { kind: 'number', minimum: 0, maximum: 1 },
      Headers: {
        kind: 'object',
        members: {
          PayloadFormatIndicator: templateOneOf('UNSPECIFIED_BYTES', 'UTF8_DATA'),
          ContentType: template,
          ResponseTopic: template,
          CorrelationData: template,
          MessageExpiry: template,
          UserProperties: {
            kind: 'list',
            minimum: 1,
            maximum: 100,
            members: { Key: needed(template), Value: needed(template) },
          },
        },
      },
      RoleArn: role,
    },
  },
  S3: {
    members: {
      BucketName: needed(template),
      Key: needed(template),
      CannedAcl: oneOf(
        'private',
        'public-read',
        'public-read-write',
        'aws-exec-read',
        'authenticated-read',
        'bucket-owner-read',
        'bucket-owner-full-control',
        'log-delivery-write',
      ),
      RoleArn: role,
    },
  },
  Salesforce: { members: { Token: needed(text), Url: needed(text) } },
  Sns: { members: { TargetArn: needed(template), MessageFormat: oneOf('RAW', 'JSON'), RoleArn: role } },
  Sqs: { members: { QueueUrl: needed(template), UseBase64: flag, RoleArn: role } },
  StepFunctions: {
    members: { StateMachineName: needed(template), ExecutionNamePrefix: template, RoleArn: role },
  },
  Timestream: {
    members: {
      DatabaseName: needed(template),
      TableName: needed(template),
      Dimensions: {
        kind: 'list',
        required: true,
        members: { Name: needed(text), Value: needed(template) },
        minimum: 1,
        maximum: 128,
      },
      Timestamp: {
        kind: 'object',
        members: {
          Value: needed(template),
          Unit: needed(oneOf('SECONDS', 'MILLISECONDS', 'MICROSECONDS', 'NANOSECONDS')),
        },
      },
      RoleArn: role,
    },
  },
};
