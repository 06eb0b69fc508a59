import {
  CreateTopicCommand,
  NotFoundException,
  PublishBatchCommand,
  PublishCommand,
  SNSClient,
  SubscribeCommand,
} from '@aws-sdk/client-sns';
import {
  GetQueueUrlCommand,
  ReceiveMessageCommand,
  SendMessageCommand,
  SQSClient,
} from '@aws-sdk/client-sqs';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { startTestServer, type TestServer } from '../aws-endpoint/aws-endpoint.test-server.ts';
import { createSns, type PublishedMessage } from './sns.ts';

const TopicArn = 'arn:aws:sns:us-east-1:000000000000:alerts';
const published: PublishedMessage[] = [];
let server: TestServer;
let sns: SNSClient;
let sqs: SQSClient;
beforeAll(async () => {
  server = await startTestServer({
    topics: [{ name: 'alerts' }],
    queues: [{ name: 'failed' }],
    onPublish: (message) => published.push(message),
  });
  sns = new SNSClient(server.client);
  sqs = new SQSClient(server.client);
});
beforeEach(() => {
  published.length = 0;
});
afterAll(async () => {
  sns.destroy();
  sqs.destroy();
  await server.stop();
});

describe('SNS', () => {
  test('takes what is published to a topic of the template, and tells the listener', async () => {
    const { MessageId } = await sns.send(
      new PublishCommand({ TopicArn, Message: '{"kind":"above & beyond"}', Subject: 'hot' }),
    );
    expect(MessageId).toMatch(/^[0-9a-f-]{36}$/);
    expect(published).toEqual([{ topicArn: TopicArn, message: '{"kind":"above & beyond"}', subject: 'hot' }]);
  });

  test('tells the listener of every message of a batch', async () => {
    const PublishBatchRequestEntries = ['a', 'b'].map((text) => ({ Id: text, Message: text }));
    await sns.send(new PublishBatchCommand({ TopicArn, PublishBatchRequestEntries }));
    expect(published.map(({ message }) => message)).toEqual(['a', 'b']);
  });

  test('refuses a topic that is not there, and tells nobody', async () => {
    const refusal = sns.send(new PublishCommand({ TopicArn: `${TopicArn}-none`, Message: 'x' }));
    await expect(refusal).rejects.toBeInstanceOf(NotFoundException);
    expect(published).toEqual([]);
  });

  test('delivers to a subscribed queue', async () => {
    const { QueueUrl } = await sqs.send(new GetQueueUrlCommand({ QueueName: 'failed' }));
    await sns.send(
      new SubscribeCommand({
        TopicArn,
        Protocol: 'sqs',
        Endpoint: 'arn:aws:sqs:us-east-1:000000000000:failed',
        Attributes: { RawMessageDelivery: 'true' },
      }),
    );
    await sns.send(new PublishCommand({ TopicArn, Message: 'to the queue' }));
    const { Messages } = await sqs.send(new ReceiveMessageCommand({ QueueUrl: QueueUrl! }));
    expect(Messages!.map(({ Body }) => Body)).toEqual(['to the queue']);
  });

  test('knows a queue by every name of the endpoint', async () => {
    const QueueUrl = `${server.url.replace('127.0.0.1', 'localhost')}/000000000000/failed`;
    await sqs.send(new SendMessageCommand({ QueueUrl, MessageBody: 'x' }));
    const { Messages } = await sqs.send(new ReceiveMessageCommand({ QueueUrl }));
    expect(Messages!.map(({ Body }) => Body)).toEqual(['x']);
  });

  test('makes topics on demand', async () => {
    const answer = await sns.send(new CreateTopicCommand({ Name: 'more' }));
    expect(answer.TopicArn).toBe('arn:aws:sns:us-east-1:000000000000:more');
  });

  test('refuses a template of another account', () => {
    const options = { topics: [], queues: [], region: 'us-east-1', onPublish: () => {} };
    expect(() => createSns({ ...options, accountId: '123456789012' })).toThrow(
      "Cannot stand in for SNS in account '123456789012': topics and queues live in account '000000000000'",
    );
  });
});
