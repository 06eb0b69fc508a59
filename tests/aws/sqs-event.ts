import { createHash } from 'node:crypto';
import type { SQSEvent } from 'aws-lambda';

/** An event as Lambda's SQS poller makes it; message ids count from `first` on. */
export function sqsEvent(
  bodies: readonly string[],
  { first = 1, sentMillis = Date.now(), receives = 1 } = {},
): SQSEvent {
  return {
    Records: bodies.map((body, i) => ({
      messageId: messageId(first + i),
      receiptHandle: `AQEBwJnKyrHigUMZj6rYigCgxlaS3SLy0a${first + i}`,
      body,
      attributes: {
        ApproximateReceiveCount: String(receives),
        SentTimestamp: String(sentMillis),
        SenderId: 'AROAIENQZJOLO23YVJ4VO:BackplaneAssumeRoleSession',
        ApproximateFirstReceiveTimestamp: String(sentMillis + 7),
      },
      messageAttributes: {},
      md5OfBody: createHash('md5').update(body).digest('hex'),
      eventSource: 'aws:sqs',
      eventSourceARN: 'arn:aws:sqs:us-east-1:123456789012:mesonet-test-http-readings',
      awsRegion: 'us-east-1',
    })),
  };
}

export function messageId(n: number): string {
  return `059f36b4-87a3-44ab-83d2-${String(n).padStart(12, '0')}`;
}
