import type { CreateTableCommandInput } from '@aws-sdk/client-dynamodb';
import type { Durability } from '../log/durable-log.ts';
import { startDynamodb } from './dynamodb.ts';

/** A process that owns a DynamoDB folder until it is killed: the parent learns the address and does the rest. */
const [, , dataFolder, durability] = process.argv as [string, string, string, Durability];
const input: CreateTableCommandInput = {
  TableName: 'windows',
  BillingMode: 'PAY_PER_REQUEST',
  AttributeDefinitions: [
    { AttributeName: 'sensor_id', AttributeType: 'S' },
    { AttributeName: 'window_end', AttributeType: 'N' },
  ],
  KeySchema: [
    { AttributeName: 'sensor_id', KeyType: 'HASH' },
    { AttributeName: 'window_end', KeyType: 'RANGE' },
  ],
};
const dynamodb = await startDynamodb({
  dataFolder,
  durability,
  tables: [{ input }],
  region: 'us-east-1',
  accountId: '000000000000',
});
process.send?.(dynamodb.url);
setInterval(() => {}, 60_000);
