import { setTimeout as sleep } from 'node:timers/promises';
import {
  CreateTableCommand,
  type CreateTableCommandInput,
  DescribeTableCommand,
  ListTablesCommand,
  type ListTablesCommandInput,
} from '@aws-sdk/client-dynamodb';
import { isoWeek, isoWeekRange, WEEK_MILLIS } from '../telemetry/iso-week.ts';
import { dynamoDb } from './aws-clients.ts';
import { weeklyTableName } from './keys.ts';
import { awsErrorName, StoreError } from './store-error.ts';

export { weeklyTableName };

const READY_WITHIN_MILLIS = 60_000;
const POLL_MILLIS = 200;

/** Tables seen ACTIVE by this process: asked for once, not once per batch. */
const active = new Set<string>();

/** The ISO weeks whose tables must exist at an instant: last, this and next. */
export function currentWeeks(nowMillis: number): string[] {
  return [-1, 0, 1].map((offset) => isoWeek(nowMillis + offset * WEEK_MILLIS));
}

/** Whether the table can be written to: it exists and is ACTIVE. */
export async function isWeeklyTableReady(tableName: string): Promise<boolean> {
  if (active.has(tableName)) return true;
  try {
    const { Table } = await dynamoDb().send(new DescribeTableCommand({ TableName: tableName }));
    if (Table?.TableStatus !== 'ACTIVE') return false;
    active.add(tableName);
    return true;
  } catch (error) {
    if (awsErrorName(error) === 'ResourceNotFoundException') return false;
    throw error;
  }
}

/** Forgets that a table was there: a write found it dropped. */
export function forgetWeeklyTable(tableName: string): void {
  active.delete(tableName);
}

/**
 * Makes sure the table is there and ACTIVE; safe to run by many at once. Returns whether this call created it.
 * @throws StoreError when it does not become ACTIVE within a minute
 */
export async function ensureWeeklyTable(tableName: string): Promise<boolean> {
  if (await isWeeklyTableReady(tableName)) return false;
  let created = false;
  try {
    await dynamoDb().send(new CreateTableCommand(weeklyTableInput(tableName)));
    created = true;
  } catch (error) {
    // Another writer was first, or the table is being created already.
    if (awsErrorName(error) !== 'ResourceInUseException') throw error;
  }
  const deadline = Date.now() + READY_WITHIN_MILLIS;
  while (!(await isWeeklyTableReady(tableName))) {
    if (Date.now() > deadline) {
      throw new StoreError(
        `Cannot use table "${tableName}": it is not ACTIVE after ${READY_WITHIN_MILLIS / 1000} seconds`,
      );
    }
    await sleep(POLL_MILLIS);
  }
  return created;
}

/** The weeks under the prefix that have a table now, ascending. */
export async function existingWeeks(prefix: string): Promise<string[]> {
  const weeks: string[] = [];
  // Names come in ascending order, so the search begins at the prefix and ends with the first one beyond it.
  let after: string | undefined = prefix;
  while (after !== undefined && (after.startsWith(prefix) || after < prefix)) {
    const input: ListTablesCommandInput = { ExclusiveStartTableName: after };
    const { TableNames = [], LastEvaluatedTableName } = await dynamoDb().send(new ListTablesCommand(input));
    const suffixes = TableNames.filter((name) => name.startsWith(prefix)).map((name) =>
      name.slice(prefix.length),
    );
    weeks.push(...suffixes.filter((suffix) => isoWeekRange(suffix) !== undefined));
    after = LastEvaluatedTableName;
  }
  return weeks.sort();
}

function weeklyTableInput(tableName: string): CreateTableCommandInput {
  return {
    TableName: tableName,
    BillingMode: 'PAY_PER_REQUEST',
    AttributeDefinitions: [
      { AttributeName: 'sensor_id', AttributeType: 'S' },
      { AttributeName: 'minute_millis', AttributeType: 'N' },
    ],
    KeySchema: [
      { AttributeName: 'sensor_id', KeyType: 'HASH' },
      { AttributeName: 'minute_millis', KeyType: 'RANGE' },
    ],
  };
}
