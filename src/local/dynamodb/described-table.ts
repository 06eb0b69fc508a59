import { AwsError } from '../aws-endpoint/aws-endpoint-error.ts';
import { callDynamodb, DynamodbError } from './dynamodb-call.ts';

/** What dynalite tells about a table. */
export interface DescribedTable {
  readonly TableName: string;
  readonly TableArn: string;
  readonly TableId: string;
  readonly TableStatus: string;
  readonly CreationDateTime: number;
}

/**
 * Calls dynalite with a refusal in AWS's words.
 * @throws AwsError what it refuses
 */
export async function askDynalite<Output>(url: string, action: string, input: object): Promise<Output> {
  try {
    return (await callDynamodb(url, action, input)) as Output;
  } catch (error) {
    if (error instanceof DynamodbError) throw new AwsError(error.type, error.message);
    throw error;
  }
}

/** @throws AwsError ResourceNotFoundException */
export async function describeTable(url: string, TableName: string): Promise<DescribedTable> {
  const { Table } = await askDynalite<{ Table: DescribedTable }>(url, 'DescribeTable', { TableName });
  return Table;
}

/**
 * As the operations of backups and exports say it, which have an error of their own.
 * @param nameOrArn a table's name or ARN
 * @throws AwsError TableNotFoundException
 */
export async function findTable(url: string, nameOrArn: string): Promise<DescribedTable> {
  const name = nameOrArn.replace(/^arn:.*:table\//, '');
  try {
    return await describeTable(url, name);
  } catch (error) {
    if (error instanceof AwsError && error.name === 'ResourceNotFoundException')
      throw new AwsError('TableNotFoundException', `Table not found: ${name}`);
    throw error;
  }
}
