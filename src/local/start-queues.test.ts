import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { LOCAL_PLACE } from '../stack/local-place.ts';
import { readStack } from '../stack/read-stack.ts';
import type { TemplateResource } from '../stack/template.ts';
import { Ledger } from './ledger.ts';
import { DurableLog } from './log/durable-log.ts';
import { startQueues } from './start-queues.ts';

let folder: string;
let log: DurableLog;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'mesonet-queues-'));
  log = DurableLog.open({ folder, durability: 'process' });
});
afterEach(async () => {
  await log.close();
  rmSync(folder, { recursive: true, force: true });
});

const queue = (QueueName: string, deadLetters?: string): TemplateResource => ({
  Type: 'AWS::SQS::Queue',
  Properties: {
    QueueName,
    ...(deadLetters && {
      // By name, as only so a circle gets past CloudFormation.
      RedrivePolicy: {
        deadLetterTargetArn: `arn:aws:sqs:us-east-1:000000000000:${deadLetters}`,
        maxReceiveCount: 3,
      },
    }),
  },
});
const reader: Record<string, TemplateResource> = {
  Worker: {
    Type: 'AWS::Lambda::Function',
    Properties: { FunctionName: 'worker', Handler: 'functions/worker.handler' },
  },
  Mapping: {
    Type: 'AWS::Lambda::EventSourceMapping',
    Properties: { EventSourceArn: { 'Fn::GetAtt': ['Work', 'Arn'] }, FunctionName: 'worker' },
  },
};
const start = (Resources: Record<string, TemplateResource>) =>
  startQueues({
    stack: readStack({ Resources }, folder, LOCAL_PLACE),
    log,
    ledger: new Ledger(),
    nowMillis: Date.now,
  });

describe('the queues on the log', () => {
  it('are those that a function reads, with the queues of their dead letters, and no others', () => {
    const queues = start({
      ...reader,
      Work: queue('work', 'dead'),
      Dead: queue('dead'),
      Other: queue('other'),
    });
    expect([...queues].map(([name, each]) => [name, each.lag().stage])).toEqual([
      ['dead', 'queue dead'],
      ['work', 'function worker'],
    ]);
  });

  it('are refused when dead letters go round in a circle', () => {
    expect(() => start({ ...reader, Work: queue('work', 'dead'), Dead: queue('dead', 'work') })).toThrow(
      "Cannot open queue 'work': its dead letters come back to it through 'dead'",
    );
  });
});
