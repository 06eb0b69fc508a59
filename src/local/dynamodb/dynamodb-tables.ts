import { setTimeout as delay } from 'node:timers/promises';
import type { CreateTableCommandInput, DescribeTableOutput } from '@aws-sdk/client-dynamodb';
import { LocalError } from '../local-error.ts';
import { callDynamodb, DynamodbError } from './dynamodb-call.ts';

/** Properties of AWS::DynamoDB::Table that the stand-in obeys; it refuses or misreads some of the others. */
const OBEYED: readonly string[] = [
  'TableName',
  'AttributeDefinitions',
  'KeySchema',
  'BillingMode',
  'ProvisionedThroughput',
  'GlobalSecondaryIndexes',
  'LocalSecondaryIndexes',
];

/**
 * Creates the tables that are absent. Table names change with every deployment, so each is asked for by name.
 * @throws LocalError when the stand-in refuses a table
 */
export async function createTables(url: string, tables: readonly CreateTableCommandInput[]): Promise<void> {
  for (const table of tables) {
    try {
      await createTable(url, table);
    } catch (cause) {
      const { message } = cause as Error;
      throw new LocalError(`Cannot create table '${table.TableName}': ${message}`, { cause });
    }
  }
}

async function createTable(url: string, table: CreateTableCommandInput): Promise<void> {
  try {
    await callDynamodb(url, 'DescribeTable', { TableName: table.TableName });
  } catch (error) {
    if (!(error instanceof DynamodbError) || error.type !== 'ResourceNotFoundException') throw error;
    await callDynamodb(url, 'CreateTable', createTableInput(table));
    await becomeActive(url, table);
  }
}

/** A table that is still being created is not found by writers (DynamoDB API reference, CreateTable). */
async function becomeActive(url: string, { TableName }: CreateTableCommandInput): Promise<void> {
  for (;;) {
    const { Table } = (await callDynamodb(url, 'DescribeTable', { TableName })) as DescribeTableOutput;
    if (Table?.TableStatus === 'ACTIVE') return;
    await delay(1);
  }
}

function createTableInput(table: CreateTableCommandInput): object {
  return Object.fromEntries(Object.entries(table).filter(([name]) => OBEYED.includes(name)));
}
