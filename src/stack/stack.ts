import type { Properties } from './template.ts';

/** What is deployed, read from the compiled template, with every intrinsic function resolved. */
export interface Stack {
  readonly region: string;
  readonly accountId: string;
  readonly streams: readonly StreamResource[];
  readonly deliveryStreams: readonly DeliveryStreamResource[];
  readonly buckets: readonly BucketResource[];
  readonly tables: readonly TableResource[];
  readonly topics: readonly NamedResource[];
  readonly queues: readonly QueueResource[];
  readonly functions: readonly FunctionResource[];
  readonly eventSourceMappings: readonly EventSourceMappingResource[];
  readonly queueMappings: readonly QueueMappingResource[];
  readonly topicRules: readonly TopicRuleResource[];
  readonly iotPolicies: readonly IotPolicyResource[];
  readonly provisioningTemplates: readonly ProvisioningTemplateResource[];
  readonly roles: readonly RoleResource[];
  readonly roleAliases: readonly RoleAliasResource[];
  readonly httpApis: readonly HttpApiResource[];
  readonly routes: readonly RouteResource[];
  readonly queueRoutes: readonly QueueRouteResource[];
  readonly schedules: readonly ScheduleResource[];
  readonly applications: readonly ApplicationResource[];
  /** What the template asks for and no local stand-in does. */
  readonly notEmulated: readonly {
    readonly logicalId: string;
    readonly type: string;
    readonly reason: string;
  }[];
}

export interface NamedResource {
  readonly logicalId: string;
  readonly name: string;
  readonly arn: string;
}

export interface StreamResource extends NamedResource {
  readonly shardCount: number;
  readonly retentionHours: number;
}

export interface DeliveryStreamResource extends NamedResource {
  readonly bucketName: string;
  readonly prefix: string;
  readonly errorOutputPrefix: string;
  readonly bufferSeconds: number;
  readonly bufferMegabytes: number;
  readonly compression: 'GZIP' | 'UNCOMPRESSED';
  /** What follows each record in an object. */
  readonly delimiter: string;
  /** The data stream that it reads; without one, it takes what is put on it. */
  readonly sourceStreamArn: string | undefined;
}

export interface BucketResource extends NamedResource {
  readonly lifecycle: readonly LifecycleRule[];
}

/** One S3 lifecycle rule; days since the object was made. */
export interface LifecycleRule {
  readonly id: string;
  readonly prefix: string;
  readonly minimumBytes: number | undefined;
  readonly transitions: readonly { readonly storageClass: string; readonly days: number }[];
  readonly expirationDays: number | undefined;
}

export interface TableResource extends NamedResource {
  /** The properties of the template, which are those of CreateTable. */
  readonly input: Properties;
}

export interface FunctionResource extends NamedResource {
  /** Absolute path of the TypeScript file. */
  readonly file: string;
  readonly export: string;
  readonly environment: Readonly<Record<string, string>>;
  readonly timeoutSeconds: number;
  readonly memoryMegabytes: number;
  /** How often a failed asynchronous invocation is tried again. */
  readonly asyncRetryAttempts: number;
  /** Where an asynchronous event goes whose last attempt failed. */
  readonly asyncFailureArn?: string;
}

export interface EventSourceMappingResource {
  readonly logicalId: string;
  readonly functionName: string;
  readonly streamArn: string;
  readonly startingPosition: 'TRIM_HORIZON' | 'LATEST';
  readonly batchSize: number;
  readonly batchWindowSeconds: number;
  readonly parallelizationFactor: number;
  readonly bisect: boolean;
  /** -1 means without end. */
  readonly maximumRetryAttempts: number;
  /** -1 means without end. */
  readonly maximumRecordAgeSeconds: number;
  readonly reportBatchItemFailures: boolean;
  readonly tumblingWindowSeconds: number;
  readonly onFailureArn?: string;
  readonly filterPatterns: readonly string[];
}

export interface QueueResource extends NamedResource {
  readonly url: string;
  /** How long a message that was received stays hidden. */
  readonly visibilityTimeoutSeconds: number;
  readonly retentionSeconds: number;
  readonly maximumMessageBytes: number;
  /** Where a message goes that was received more often than `maximumReceives` without being deleted. */
  readonly redrive?: { readonly queueArn: string; readonly maximumReceives: number };
}

/** An event source mapping that reads a queue. */
export interface QueueMappingResource {
  readonly logicalId: string;
  readonly functionName: string;
  readonly queueArn: string;
  readonly batchSize: number;
  readonly batchWindowSeconds: number;
  readonly reportBatchItemFailures: boolean;
  /** Undefined where nothing bounds it. */
  readonly maximumConcurrency?: number;
}

export interface TopicRuleResource extends NamedResource {
  readonly sql: string;
  readonly sqlVersion: '2015-10-08' | '2016-03-23';
  readonly actions: readonly RuleAction[];
  readonly errorAction: RuleAction | undefined;
}

/** What a device may do. */
export interface IotPolicyResource extends NamedResource {
  /** JSON text. */
  readonly document: string;
}

/** A role of IAM, with its documents as JSON text. */
export interface RoleResource extends NamedResource {
  /** Who may assume it. */
  readonly trustDocument: string;
  /** The policies that stand in the role itself. */
  readonly policies: readonly { readonly name: string; readonly document: string }[];
}

/** By what name devices ask for the credentials of a role. */
export interface RoleAliasResource extends NamedResource {
  readonly roleArn: string;
  readonly durationSeconds: number;
}

/** `id` is what stands for the API in the ARNs of its routes. */
export interface HttpApiResource {
  readonly logicalId: string;
  readonly id: string;
}

/** Who may call a route on AWS. */
export type RouteAuthorization = 'NONE' | 'AWS_IAM' | 'JWT' | 'CUSTOM';

/** A rule action by its name in CloudFormation, with its members resolved but its `${…}` templates untouched. */
export interface RuleAction {
  readonly kind: string;
  readonly members: Properties;
}

/** How devices without a certificate of their own get one. */
export interface ProvisioningTemplateResource extends NamedResource {
  readonly type: 'FLEET_PROVISIONING' | 'JITP';
  readonly body: string;
  readonly description?: string;
  readonly isEnabled: boolean;
  readonly roleArn: string;
  /** The function that is asked before a device is provisioned. */
  readonly hook?: { readonly targetArn: string; readonly payloadVersion: string };
}

export interface RouteResource {
  readonly method: string;
  /** For example `/v1/sensors/{sensor_id}/latest`. */
  readonly path: string;
  readonly authorization: RouteAuthorization;
  readonly functionName: string;
}

/** A route whose body becomes a message, with no function in between. */
export interface QueueRouteResource {
  readonly method: string;
  readonly path: string;
  readonly authorization: RouteAuthorization;
  readonly queueName: string;
}

export interface ScheduleResource {
  readonly name: string;
  /** `rate(1 day)` or `cron(…)`. */
  readonly expression: string;
  readonly functionName: string;
  readonly input?: string;
}

/** A streaming SQL application, from the template's Metadata. */
export interface ApplicationResource {
  readonly name: string;
  /** Absolute path of the `.sql` file; its input schema stands beside it as `.input.json`. */
  readonly file: string;
  readonly inputStream: string;
  /** The column whose value is the partition key of the input stream. */
  readonly inputPartitionKey?: string;
  /** The function that runs the application on AWS. */
  readonly functionName?: string;
  readonly outputs: readonly {
    readonly from: string;
    readonly stream: string;
    readonly partitionKey: string;
  }[];
  /** Files with the rows of reference tables; on AWS they are S3 objects. */
  readonly references: readonly { readonly table: string; readonly file: string }[];
  /** The bucket that keeps the rows that failed or came too late; without one they are only counted. */
  readonly rejectedBucket?: string;
  /** Where ROWTIME comes from when not from the arrival; spans in milliseconds. */
  readonly time?: {
    readonly source: 'column';
    readonly column: string;
    readonly outOfOrderMillis: number;
    readonly allowedLatenessMillis: number;
  };
}
