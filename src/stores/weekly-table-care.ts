import { setTimeout as sleep } from 'node:timers/promises';
import {
  DeleteTableCommand,
  DescribeContinuousBackupsCommand,
  DescribeTableCommand,
  UpdateContinuousBackupsCommand,
  UpdateTableCommand,
  type UpdateTableCommandInput,
} from '@aws-sdk/client-dynamodb';
import { dynamoDb } from './aws-clients.ts';
import { awsErrorName } from './store-error.ts';

/** A weekly table as DescribeTable shows it. */
export interface WeeklyTable {
  readonly name: string;
  readonly arn: string;
  /** Tells a table from another one of the same name. */
  readonly id: string;
  readonly isActive: boolean;
  /** As of about the last six hours (DynamoDB API reference, "TableDescription"). */
  readonly itemCount: number;
  readonly isInfrequentAccess: boolean;
  readonly maxReadUnits: number | undefined;
  readonly maxWriteUnits: number | undefined;
}

/**
 * Limits of a week that is over, in request units a second. Writes: late readings only; 100 stores a day's backlog of a
 * station with 5 sensors in 72 s, and a device gone mad costs at most 0.28 USD an hour. Reads: 500 answers several
 * queries a second for a sensor's whole day (about 270 units each).
 */
export const COOL_THROUGHPUT = { MaxReadRequestUnits: 500, MaxWriteRequestUnits: 100 } as const;

/** How long one run waits for a change to take effect; what is left is the next run's. */
const READY_WITHIN_MILLIS = 30_000;
const POLL_MILLIS = 500;

/** Undefined when there is no such table. */
export async function describeWeeklyTable(name: string): Promise<WeeklyTable | undefined> {
  try {
    const { Table } = await dynamoDb().send(new DescribeTableCommand({ TableName: name }));
    return {
      name,
      arn: Table!.TableArn!,
      id: Table!.TableId!,
      isActive: Table!.TableStatus === 'ACTIVE',
      itemCount: Table!.ItemCount ?? 0,
      isInfrequentAccess: Table!.TableClassSummary?.TableClass === 'STANDARD_INFREQUENT_ACCESS',
      maxReadUnits: Table!.OnDemandThroughput?.MaxReadRequestUnits,
      maxWriteUnits: Table!.OnDemandThroughput?.MaxWriteRequestUnits,
    };
  } catch (error) {
    if (awsErrorName(error) === 'ResourceNotFoundException') return undefined;
    throw error;
  }
}

/**
 * Makes a table cheap to keep: storage at the price of infrequent access, low limits, and point-in-time recovery, which
 * an export needs and which keeps a backup for 35 days after the drop. Each is done when it is not done yet, one after
 * the other, as UpdateTable makes one kind of change at a time. Returns whether anything was changed.
 */
export async function coolWeeklyTable(table: WeeklyTable): Promise<boolean> {
  const { MaxReadRequestUnits, MaxWriteRequestUnits } = COOL_THROUGHPUT;
  const updates: Omit<UpdateTableCommandInput, 'TableName'>[] = [];
  if (!table.isInfrequentAccess) updates.push({ TableClass: 'STANDARD_INFREQUENT_ACCESS' });
  if (table.maxReadUnits !== MaxReadRequestUnits || table.maxWriteUnits !== MaxWriteRequestUnits)
    updates.push({ OnDemandThroughput: COOL_THROUGHPUT });
  for (const update of updates) {
    await dynamoDb().send(new UpdateTableCommand({ TableName: table.name, ...update }));
    if (!(await becomesActive(table.name))) return true;
  }
  return (await enableRecovery(table.name)) || updates.length > 0;
}

/** Drops a table; one that is being dropped or gone already is fine. */
export async function dropWeeklyTable(name: string): Promise<void> {
  try {
    await dynamoDb().send(new DeleteTableCommand({ TableName: name }));
  } catch (error) {
    if (!['ResourceNotFoundException', 'ResourceInUseException'].includes(awsErrorName(error))) throw error;
  }
}

async function becomesActive(name: string): Promise<boolean> {
  const deadline = Date.now() + READY_WITHIN_MILLIS;
  while (!(await describeWeeklyTable(name))?.isActive) {
    if (Date.now() > deadline) return false;
    await sleep(POLL_MILLIS);
  }
  return true;
}

/** Returns whether it was off. */
async function enableRecovery(TableName: string): Promise<boolean> {
  const { ContinuousBackupsDescription: backups } = await dynamoDb().send(
    new DescribeContinuousBackupsCommand({ TableName }),
  );
  if (backups?.PointInTimeRecoveryDescription?.PointInTimeRecoveryStatus === 'ENABLED') return false;
  await dynamoDb().send(
    new UpdateContinuousBackupsCommand({
      TableName,
      PointInTimeRecoverySpecification: { PointInTimeRecoveryEnabled: true },
    }),
  );
  return true;
}
