import { setTimeout as sleep } from 'node:timers/promises';
import { gunzipSync } from 'node:zlib';
import { type AttributeValue, ScanCommand } from '@aws-sdk/client-dynamodb';
import { InvokeCommand } from '@aws-sdk/client-lambda';
import { GetObjectCommand, ListObjectsV2Command } from '@aws-sdk/client-s3';
import { SubscribeCommand } from '@aws-sdk/client-sns';
import {
  CreateQueueCommand,
  DeleteQueueCommand,
  GetQueueAttributesCommand,
  ReceiveMessageCommand,
} from '@aws-sdk/client-sqs';
import type { AwsClients } from './aws-clients.test-support.ts';

const PATIENCE_MILLIS = 90_000;
const POLL_MILLIS = 250;

/** Asks until there is an answer. */
export async function eventually<T>(what: string, ask: () => Promise<T | undefined>): Promise<T> {
  const deadline = Date.now() + PATIENCE_MILLIS;
  for (;;) {
    const answer = await ask();
    if (answer !== undefined) return answer;
    if (Date.now() > deadline) throw new Error(`Cannot find ${what} after ${PATIENCE_MILLIS / 1000} seconds`);
    await sleep(POLL_MILLIS);
  }
}

/** The item of a sensor, once it is there. */
export function itemOf(
  { dynamoDb }: AwsClients,
  TableName: string,
  sensorId: string,
): Promise<Record<string, AttributeValue>> {
  return eventually(`'${sensorId}' in table '${TableName}'`, async () => {
    const { Items = [] } = await dynamoDb.send(new ScanCommand({ TableName }));
    return Items.find(({ sensor_id }) => sensor_id?.S === sensorId);
  });
}

/** The text of an object below a prefix that contains `part`, once it is there. */
export function objectWith(
  { s3 }: AwsClients,
  Bucket: string,
  Prefix: string,
  part: string,
): Promise<string> {
  return eventually(`an object with '${part}' below '${Prefix}' of '${Bucket}'`, async () => {
    const { Contents = [] } = await s3.send(new ListObjectsV2Command({ Bucket, Prefix }));
    for (const { Key } of Contents) {
      const { Body } = await s3.send(new GetObjectCommand({ Bucket, Key }));
      const bytes = Buffer.from(await Body!.transformToByteArray());
      const text = (bytes[0] === 0x1f ? gunzipSync(bytes) : bytes).toString();
      if (text.includes(part)) return text;
    }
    return undefined;
  });
}

/** What a function answers to an event; the error it ends with is thrown. */
export async function invoke({ lambda }: AwsClients, name: string, event: object): Promise<unknown> {
  const Payload = Buffer.from(JSON.stringify(event));
  const answer = await lambda.send(new InvokeCommand({ FunctionName: name, Payload }));
  const text = Buffer.from(answer.Payload ?? []).toString();
  if (answer.FunctionError !== undefined) throw new Error(`${name} failed: ${text}`);
  return JSON.parse(text === '' ? 'null' : text);
}

/** A queue that listens to a topic. */
export interface Listener {
  /** Waits for a message that contains `part`. */
  hear(part: string): Promise<string>;
  stop(): Promise<void>;
}

/** Lets a new queue listen to a topic. */
export async function listenTo({ sns, sqs }: AwsClients, topicArn: string): Promise<Listener> {
  const Principal = { Service: 'sns.amazonaws.com' };
  const Statement = [{ Effect: 'Allow', Principal, Action: 'sqs:SendMessage', Resource: '*' }];
  const Policy = JSON.stringify({ Version: '2012-10-17', Statement });
  const made = await sqs.send(new CreateQueueCommand({ QueueName: 'heard', Attributes: { Policy } }));
  const QueueUrl = made.QueueUrl ?? '';
  const query = new GetQueueAttributesCommand({ QueueUrl, AttributeNames: ['QueueArn'] });
  const { Attributes } = await sqs.send(query);
  await sns.send(
    new SubscribeCommand({ TopicArn: topicArn, Protocol: 'sqs', Endpoint: Attributes?.QueueArn }),
  );
  return {
    hear: (part) =>
      eventually(`a message with '${part}'`, async () => {
        const { Messages = [] } = await sqs.send(
          new ReceiveMessageCommand({ QueueUrl, MaxNumberOfMessages: 10 }),
        );
        return Messages.map(({ Body = '' }) => (JSON.parse(Body) as { Message: string }).Message).find(
          (text) => text.includes(part),
        );
      }),
    stop: async () => {
      await sqs.send(new DeleteQueueCommand({ QueueUrl }));
    },
  };
}
