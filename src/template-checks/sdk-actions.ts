/** Service prefixes of IAM by SDK package. */
const PREFIXES: Readonly<Record<string, string>> = {
  'lib-dynamodb': 'dynamodb',
  'client-dynamodb': 'dynamodb',
  'client-kinesis': 'kinesis',
  'client-firehose': 'firehose',
  'client-s3': 's3',
  'client-sns': 'sns',
  'client-sqs': 'sqs',
  'client-cloudwatch': 'cloudwatch',
  'client-lambda': 'lambda',
  'client-iot': 'iot',
  'client-iot-data-plane': 'iot',
  'client-sfn': 'states',
  'client-rds-data': 'rds-data',
  'client-redshift-data': 'redshift-data',
  'client-emr-serverless': 'emr-serverless',
  'client-secrets-manager': 'secretsmanager',
};

/** Commands whose action has another name, or needs more than one (service authorization reference). */
const OTHER_NAMES: Readonly<Record<string, readonly string[]>> = {
  'lib-dynamodb Get': ['dynamodb:GetItem'],
  'lib-dynamodb Put': ['dynamodb:PutItem'],
  'lib-dynamodb Update': ['dynamodb:UpdateItem'],
  'lib-dynamodb Delete': ['dynamodb:DeleteItem'],
  'lib-dynamodb BatchGet': ['dynamodb:BatchGetItem'],
  'lib-dynamodb BatchWrite': ['dynamodb:BatchWriteItem'],
  'client-dynamodb ExportTableToPointInTime': [
    'dynamodb:ExportTableToPointInTime',
    's3:AbortMultipartUpload',
    's3:PutObject',
    's3:PutObjectAcl',
  ],
  'client-s3 ListObjectsV2': ['s3:ListBucket'],
  'client-s3 HeadObject': ['s3:GetObject'],
  'client-s3 HeadBucket': ['s3:ListBucket'],
  'client-s3 DeleteObjects': ['s3:DeleteObject'],
  'client-s3 CopyObject': ['s3:GetObject', 's3:PutObject'],
  'client-s3 CreateMultipartUpload': ['s3:PutObject'],
  'client-s3 UploadPart': ['s3:PutObject'],
  'client-s3 CompleteMultipartUpload': ['s3:PutObject'],
  'client-sns PublishBatch': ['sns:Publish'],
  'client-sqs SendMessageBatch': ['sqs:SendMessage'],
  'client-sqs DeleteMessageBatch': ['sqs:DeleteMessage'],
  'client-lambda Invoke': ['lambda:InvokeFunction'],
};

/** One command of the SDK that code uses, for example `PutCommand` of `@aws-sdk/lib-dynamodb`. */
export interface UsedCommand {
  readonly package: string;
  readonly command: string;
}

/**
 * The IAM actions that calling SDK commands needs.
 * @throws Error for an SDK package whose prefix is not known here: a need that is overlooked is a denied call
 */
export function actionsOfCommands(commands: readonly UsedCommand[]): readonly string[] {
  const actions = commands.flatMap((used) => {
    const name = used.package.replace('@aws-sdk/', '');
    const operation = used.command.replace(/Command$/, '');
    const prefix = PREFIXES[name];
    if (prefix === undefined)
      throw new Error(`Cannot tell the IAM actions of '${used.package}': add its prefix to sdk-actions.ts`);
    return OTHER_NAMES[`${name} ${operation}`] ?? [`${prefix}:${operation}`];
  });
  return [...new Set(actions)].sort();
}
