import { SNSClient, SubscribeCommand } from '@aws-sdk/client-sns';
import {
  ChangeMessageVisibilityCommand,
  DeleteMessageBatchCommand,
  DeleteMessageCommand,
  GetQueueAttributesCommand,
  InvalidMessageContents,
  ReceiptHandleIsInvalid,
  ReceiveMessageCommand,
  SendMessageBatchCommand,
  SendMessageCommand,
  SQSClient,
  TooManyEntriesInBatchRequest,
} from '@aws-sdk/client-sqs';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  startTestServer,
  type TestServer,
  temporaryFolder,
} from '../aws-endpoint/aws-endpoint.test-server.ts';

const dead = {
  logicalId: 'Dead',
  name: 'dead',
  arn: 'arn:aws:sqs:us-east-1:000000000000:dead',
  url: '',
  visibilityTimeoutSeconds: 30,
  retentionSeconds: 1_209_600,
  maximumMessageBytes: 1024 * 1024,
};

let folder: ReturnType<typeof temporaryFolder>;
let server: TestServer;
let sqs: SQSClient;
const url = (name = 'dead'): string => `${server.url}/000000000000/${name}`;

async function start(): Promise<void> {
  server = await startTestServer({
    dataFolder: folder.folder,
    keptQueues: [dead],
    queues: [{ name: 'other' }],
  });
  sqs = new SQSClient(server.client);
}
async function stop(): Promise<void> {
  sqs.destroy();
  await server.stop();
}
beforeEach(async () => {
  folder = temporaryFolder();
  await start();
});
afterEach(async () => {
  await stop();
  folder.remove();
});

const send = (MessageBody: string) => sqs.send(new SendMessageCommand({ QueueUrl: url(), MessageBody }));
const receive = async (more: object = {}) =>
  (await sqs.send(new ReceiveMessageCommand({ QueueUrl: url(), MaxNumberOfMessages: 10, ...more })))
    .Messages ?? [];

describe('a queue on the log, through the SDK', () => {
  it('keeps messages over a restart until they are deleted', async () => {
    const { MessageId } = await send('a');
    await send('b');
    await stop();
    await start();
    const messages = await receive({ MessageSystemAttributeNames: ['ApproximateReceiveCount'] });
    expect(messages.map(({ Body, Attributes }) => [Body, Attributes])).toEqual([
      ['a', { ApproximateReceiveCount: '1' }],
      ['b', { ApproximateReceiveCount: '1' }],
    ]);
    expect(messages[0]!.MessageId).toBe(MessageId);
    await sqs.send(new DeleteMessageCommand({ QueueUrl: url(), ReceiptHandle: messages[0]!.ReceiptHandle }));
    await stop();
    await start();
    expect((await receive()).map(({ Body }) => Body)).toEqual(['b']);
  });

  it('takes and deletes batches, each entry by itself', async () => {
    const { Successful, Failed } = await sqs.send(
      new SendMessageBatchCommand({
        QueueUrl: url(),
        Entries: ['a', '\u0001', 'c'].map((MessageBody, n) => ({ Id: `${n}`, MessageBody })),
      }),
    );
    expect(Successful!.map(({ Id }) => Id)).toEqual(['0', '2']);
    expect(Failed).toMatchObject([{ Id: '1', SenderFault: true, Code: 'InvalidMessageContents' }]);
    const messages = await receive();
    await sqs.send(
      new DeleteMessageBatchCommand({
        QueueUrl: url(),
        Entries: messages.map(({ ReceiptHandle }, n) => ({ Id: `${n}`, ReceiptHandle })),
      }),
    );
    const { Attributes } = await sqs.send(
      new GetQueueAttributesCommand({ QueueUrl: url(), AttributeNames: ['All'] }),
    );
    expect(Attributes).toMatchObject({
      QueueArn: dead.arn,
      ApproximateNumberOfMessages: '0',
      ApproximateNumberOfMessagesNotVisible: '0',
      MessageRetentionPeriod: '1209600',
    });
  });

  it('gives attributes back as they were sent', async () => {
    await sqs.send(
      new SendMessageCommand({
        QueueUrl: url(),
        MessageBody: 'a',
        MessageAttributes: { kind: { DataType: 'Number', StringValue: '7' } },
      }),
    );
    const [message] = await receive({ MessageAttributeNames: ['All'] });
    expect(message!.MessageAttributes).toEqual({ kind: { DataType: 'Number', StringValue: '7' } });
  });

  it('shows a message again when a receiver says so, and waits for one that comes', async () => {
    await send('a');
    const [{ ReceiptHandle }] = (await receive()) as [{ ReceiptHandle: string }];
    await sqs.send(
      new ChangeMessageVisibilityCommand({ QueueUrl: url(), ReceiptHandle, VisibilityTimeout: 0 }),
    );
    expect(await receive()).toHaveLength(1);
    const waiting = receive({ WaitTimeSeconds: 5 });
    await send('b');
    expect((await waiting).map(({ Body }) => Body)).toEqual(['b']);
  });

  it.each([
    ['a body that is no text', () => send('\u0000'), InvalidMessageContents],
    [
      'a handle of nobody',
      () => sqs.send(new DeleteMessageCommand({ QueueUrl: url(), ReceiptHandle: 'x' })),
      ReceiptHandleIsInvalid,
    ],
    [
      'eleven entries',
      () =>
        sqs.send(
          new SendMessageBatchCommand({
            QueueUrl: url(),
            Entries: Array.from({ length: 11 }, (_, n) => ({ Id: `${n}`, MessageBody: 'x' })),
          }),
        ),
      TooManyEntriesInBatchRequest,
    ],
  ])('refuses %s with the error class of the SDK', async (_, call, errorClass) => {
    await expect(call()).rejects.toBeInstanceOf(errorClass);
  });

  it('refuses what it does not do in a sentence', async () => {
    const delayed = new SendMessageCommand({ QueueUrl: url(), MessageBody: 'x', DelaySeconds: 5 });
    await expect(sqs.send(delayed)).rejects.toThrow('DelaySeconds is not emulated');
    const sns = new SNSClient(server.client);
    const subscribe = new SubscribeCommand({
      TopicArn: 'arn:aws:sns:us-east-1:000000000000:alerts',
      Protocol: 'sqs',
      Endpoint: dead.arn,
    });
    await expect(sns.send(subscribe)).rejects.toThrow('topics do not deliver to');
    sns.destroy();
  });

  it('leaves other queues to whoever has them', async () => {
    await sqs.send(new SendMessageCommand({ QueueUrl: url('other'), MessageBody: 'x' }));
    const { Messages } = await sqs.send(new ReceiveMessageCommand({ QueueUrl: url('other') }));
    expect(Messages).toMatchObject([{ Body: 'x' }]);
    expect(await receive()).toEqual([]);
  });
});
