import { describe, expect, it } from 'vitest';
import { price, resource, SMALL_STACK } from '../stack.test-support.ts';

describe('a queue that a function reads', () => {
  it('costs its polls, and nothing without a reader', () => {
    const Queue = resource('AWS::SQS::Queue', { QueueName: 'work' });
    const Mapping = resource('AWS::Lambda::EventSourceMapping', {
      EventSourceArn: { 'Fn::GetAtt': ['Queue', 'Arn'] },
      FunctionName: 'store',
    });
    const polls = ({ lines }: ReturnType<typeof price>) =>
      lines.filter((line) => line.price === 'sqs.requests');
    expect(polls(price({ ...SMALL_STACK, Queue }))).toEqual([]);
    // A quarter of a request a second, 2,628,000 seconds, 0.40 USD per million.
    expect(polls(price({ ...SMALL_STACK, Queue, Mapping }))).toMatchObject([
      { what: 'polls for store', perMonthUsd: expect.closeTo(0.2628, 6) },
    ]);
  });
});
