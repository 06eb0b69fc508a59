import type { Operations } from '../aws-endpoint/aws-endpoint-json.ts';
import type { Shape } from '../aws-endpoint/aws-endpoint-shape.ts';
import type { DurableLog } from '../log/durable-log.ts';
import { DynamodbState } from './dynamodb-state.ts';
import { ItemCounts } from './item-counts.ts';
import { TableExports } from './table-exports.ts';
import {
  describeContinuousBackups,
  describeTableFully,
  updateContinuousBackups,
  updateTable,
} from './table-settings.ts';

export interface DynamodbControlOptions {
  /** Where dynalite answers. */
  readonly url: () => string;
  readonly log: DurableLog;
  readonly putObject: (bucket: string, key: string, body: Uint8Array) => Promise<void>;
  readonly nowMillis: () => number;
  readonly onError: (error: Error) => void;
}

/** The operations on whole tables that dynalite lacks or does in part. */
export interface DynamodbControl {
  readonly operations: Operations;
  stop(): Promise<void>;
}

const TABLE_NAME: Shape = { type: 'string', required: true, minLength: 1, maxLength: 1024 };
const ARN: Shape = { type: 'string', minLength: 1, maxLength: 1024 };
/** -1 takes a limit away (DynamoDB API reference, "OnDemandThroughput"). */
const LIMIT: Shape = { type: 'integer', min: -1 };

/** Table class, on-demand limits, point-in-time recovery, item counts and exports, kept in the log. */
export function createDynamodbControl(options: DynamodbControlOptions): DynamodbControl {
  const { url, log, nowMillis } = options;
  const state = new DynamodbState(log, nowMillis);
  const counts = new ItemCounts(url, state, nowMillis);
  const exports = new TableExports({ ...options, state });
  const context = { url, state, counts, nowMillis };
  const operations: Operations = {
    DescribeTable: {
      input: { TableName: TABLE_NAME },
      run: (input) => describeTableFully(context, input),
    },
    UpdateTable: {
      input: {
        TableName: TABLE_NAME,
        TableClass: { type: 'string', enum: ['STANDARD', 'STANDARD_INFREQUENT_ACCESS'] },
        OnDemandThroughput: {
          type: 'structure',
          members: { MaxReadRequestUnits: LIMIT, MaxWriteRequestUnits: LIMIT },
        },
      },
      run: (input) => updateTable(context, input),
    },
    DescribeContinuousBackups: {
      input: { TableName: TABLE_NAME },
      run: (input) => describeContinuousBackups(context, input),
    },
    UpdateContinuousBackups: {
      input: {
        TableName: TABLE_NAME,
        PointInTimeRecoverySpecification: {
          type: 'structure',
          required: true,
          members: {
            PointInTimeRecoveryEnabled: { type: 'boolean', required: true },
            RecoveryPeriodInDays: { type: 'integer', min: 1, max: 35 },
          },
        },
      },
      run: (input) => updateContinuousBackups(context, input),
    },
    ExportTableToPointInTime: {
      input: {
        TableArn: { ...ARN, required: true },
        S3Bucket: { type: 'string', required: true, maxLength: 255 },
        S3Prefix: { type: 'string', maxLength: 1024 },
        ClientToken: { type: 'string', minLength: 1 },
        ExportTime: { type: 'timestamp' },
        ExportFormat: { type: 'string', enum: ['DYNAMODB_JSON', 'ION'] },
        ExportType: { type: 'string', enum: ['FULL_EXPORT', 'INCREMENTAL_EXPORT'] },
      },
      run: (input) => exports.start(input),
    },
    ListExports: {
      input: {
        TableArn: ARN,
        MaxResults: { type: 'integer', min: 1, max: 25 },
        NextToken: { type: 'string' },
      },
      run: async (input) => exports.list(input),
    },
    DescribeExport: {
      input: { ExportArn: { ...ARN, required: true } },
      run: async (input) => exports.describe(input),
    },
  };
  return {
    operations,
    async stop() {
      await Promise.all([exports.stop(), counts.stop()]);
    },
  };
}
