import { describe, expect, it } from 'vitest';
import { BROKEN_ACCESS } from './broken-access.test-support.ts';
import { BROKEN_FLOW } from './broken-flow.test-support.ts';
import { CHECKS, checkTemplate, printFinding } from './check-template.ts';
import { actionsOfCommands } from './sdk-actions.ts';

const BROKEN_TEMPLATES = [...BROKEN_FLOW, ...BROKEN_ACCESS];
const context = {
  functionActions: new Map([['Store', ['dynamodb:GetItem']]]),
  functionVariables: new Map([['Store', { required: ['TABLE'], read: ['TABLE', 'REGION'] }]]),
};

describe('checkTemplate()', () => {
  it.each(BROKEN_TEMPLATES)('$check: finds $what', ({ check, resources, finding }) => {
    const findings = checkTemplate({ Resources: resources }, context).filter(
      (found) => found.check === check,
    );
    const printed = findings.map(printFinding);
    expect(printed.filter((line) => line.includes(finding))).toHaveLength(1);
  });

  it('has a broken template for every check', () => {
    expect(new Set(BROKEN_TEMPLATES.map(({ check }) => check))).toEqual(
      new Set(CHECKS.map(({ name }) => name)),
    );
  });

  it('finds nothing in an empty template', () => {
    expect(checkTemplate({ Resources: {} }, context)).toEqual([]);
  });
});

describe('exceptions', () => {
  const Resources = { Logs: { Type: 'AWS::Logs::LogGroup' }, More: { Type: 'AWS::Logs::LogGroup' } };
  const messages = (exceptions: Parameters<typeof checkTemplate>[2]) =>
    checkTemplate({ Resources }, context, exceptions).map(printFinding);

  it('accept the findings that they fit, and no others', () => {
    const reason = 'Kept as evidence for the auditors';
    expect(messages([{ check: 'log-groups', resource: 'Logs', reason }])).toEqual([
      'More: Cannot keep logs for ever: set RetentionInDays [log-groups]',
    ]);
    expect(messages([{ check: 'log-groups', reason }])).toEqual([]);
  });

  it('are findings themselves when they accept nothing, or have no reason', () => {
    expect(messages([{ check: 'log-groups', reason: ' ' }])).toEqual([
      "*: Cannot keep the exception from 'log-groups' for '*', '*': it has no reason [exceptions]",
    ]);
    expect(
      messages([
        { check: 'log-groups', reason: 'Kept as evidence for the auditors' },
        { check: 'tables', resource: 'Gone', reason: 'Was there once, long ago' },
      ]),
    ).toEqual([
      "Gone: Cannot keep the exception from 'tables' for 'Gone', '*': it accepts nothing in the template; remove it [exceptions]",
    ]);
  });
});

describe('actionsOfCommands()', () => {
  it('names the actions as IAM does', () => {
    const used = [
      { package: '@aws-sdk/lib-dynamodb', command: 'UpdateCommand' },
      { package: '@aws-sdk/client-dynamodb', command: 'UpdateItemCommand' },
      { package: '@aws-sdk/client-s3', command: 'ListObjectsV2Command' },
      { package: '@aws-sdk/client-sqs', command: 'SendMessageBatchCommand' },
      { package: '@aws-sdk/client-kinesis', command: 'PutRecordsCommand' },
    ];
    expect(actionsOfCommands(used)).toEqual([
      'dynamodb:UpdateItem',
      'kinesis:PutRecords',
      's3:ListBucket',
      'sqs:SendMessage',
    ]);
  });

  it('refuses a package whose actions it does not know', () => {
    expect(() => actionsOfCommands([{ package: '@aws-sdk/client-odd', command: 'DoCommand' }])).toThrow(
      "Cannot tell the IAM actions of '@aws-sdk/client-odd'",
    );
  });
});
