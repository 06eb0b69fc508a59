import type { CreateTableCommandInput } from '@aws-sdk/client-dynamodb';
import { callDynamodb, DynamodbError } from './dynamodb-call.ts';
import { LocalError } from './local-error.ts';

/** Properties of AWS::DynamoDB::Table that the stand-in obeys. */
const OBEYED: readonly string[] = [
  'TableName',
  'AttributeDefinitions',
  'KeySchema',
  'BillingMode',
  'ProvisionedThroughput',
  'GlobalSecondaryIndexes',
  'LocalSecondaryIndexes',
];

/** Properties that change nothing a program could notice here: encryption, tags, deletion protection and the like. */
const WITHOUT_EFFECT: readonly string[] = [
  'Tags',
  'SSESpecification',
  'TableClass',
  'DeletionProtectionEnabled',
  'OnDemandThroughput',
  'WarmThroughput',
  'ContributorInsightsSpecification',
];

const NOT_EMULATED: Readonly<Record<string, string>> = {
  StreamSpecification: 'changes of items are not streamed',
  TimeToLiveSpecification: 'items do not expire',
  PointInTimeRecoverySpecification: 'there are no backups',
  KinesisStreamSpecification: 'changes of items are not copied to Kinesis',
  ImportSourceSpecification: 'the table starts empty',
  ResourcePolicy: 'access is not checked',
  ReplicationSpecification: 'there is one region',
};

/** What a table's properties ask for and the stand-in does not do: one sentence for each. */
export function unsupportedTableProperties(properties: Readonly<Record<string, unknown>>): string[] {
  return Object.keys(properties)
    .filter((name) => !OBEYED.includes(name) && !WITHOUT_EFFECT.includes(name))
    .map((name) => `${name}: ${NOT_EMULATED[name] ?? 'not known to the DynamoDB stand-in'}`);
}

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
  }
}

function createTableInput(table: CreateTableCommandInput): object {
  return Object.fromEntries(Object.entries(table).filter(([name]) => OBEYED.includes(name)));
}
