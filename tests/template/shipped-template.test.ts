import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import type { Template } from '../../src/stack/template.ts';
import { checkTemplate, printFinding } from '../../src/template-checks/check-template.ts';
import type { CheckException } from '../../src/template-checks/exceptions.ts';
import type { CheckContext } from '../../src/template-checks/finding.ts';
import { actionsOfCommands } from '../../src/template-checks/sdk-actions.ts';
import { packageStack, projectFolder, VARIANTS } from './package-stack.test-support.ts';
import { readReachedCode } from './reached-code.test-support.ts';

const exceptions = JSON.parse(
  readFileSync(join(projectFolder, 'resources', 'check-exceptions.json'), 'utf8'),
) as CheckException[];

/** Packaging compiles all functions, when a source changed. */
const PACKAGE_MILLIS = 120_000;

/** CloudFormation quotas: resources of a template, bytes of its body when it comes from S3. */
const MOST_RESOURCES = 500;
const MOST_BYTES = 1_000_000;

describe.each(VARIANTS)('the template of stage %s with %o', (stage, parameters) => {
  let template: Template;

  beforeAll(async () => {
    template = await packageStack(stage, parameters);
  }, PACKAGE_MILLIS);

  it('passes every check', async () => {
    const context = await contextOf(template);
    expect(checkTemplate(template, context, exceptions).map(printFinding)).toEqual([]);
  });

  it('is within the quotas of CloudFormation', () => {
    expect(Object.keys(template.Resources).length).toBeLessThan(MOST_RESOURCES);
    expect(Buffer.byteLength(JSON.stringify(template))).toBeLessThan(MOST_BYTES);
  });
});

describe('the stages', () => {
  it(
    'differ by names, by what becomes of the data, and by how readings are gathered, and lasting alerts',
    async () => {
      const [dev, prod] = (await Promise.all(['dev', 'prod'].map((stage) => packageStack(stage)))).map(
        structureOf,
      );
      expect(prod).toEqual(
        Object.fromEntries(Object.entries(dev!).filter(([id]) => !LASTING_ALERTS.test(id))),
      );
    },
    PACKAGE_MILLIS,
  );

  it.each([
    ['dev', 'Delete'],
    ['prod', 'Retain'],
  ])('%s says %s of its tables', async (stage, policy) => {
    const tables = Object.values(
      (await packageStack(stage)).Resources as Record<string, DeployedTable>,
    ).filter(({ Type }) => Type === 'AWS::DynamoDB::Table');
    expect(tables.length).toBeGreaterThan(0);
    for (const { DeletionPolicy, UpdateReplacePolicy } of tables)
      expect({ DeletionPolicy, UpdateReplacePolicy }).toEqual({
        DeletionPolicy: policy,
        UpdateReplacePolicy: policy,
      });
  });
});

interface DeployedTable {
  readonly Type: string;
  readonly DeletionPolicy?: string;
  readonly UpdateReplacePolicy?: string;
}

/** A template without what a stage may change: its own name, versions of code, the policies of data, batches and items. */
function structureOf(template: Template): Record<string, unknown> {
  const resources = Object.entries(template.Resources)
    .filter(([, { Type }]) => Type !== 'AWS::Lambda::Version')
    .map(([id, { Type, Properties }]) => [id, { Type, Properties: { ...Properties, ...SAME[id] } }] as const);
  const text = JSON.stringify(Object.fromEntries(resources.sort(([a], [b]) => (a < b ? -1 : 1))));
  return JSON.parse(
    text
      .replaceAll(/serverless\/mesonet\/(dev|prod)\/[^/"]+/g, 'artifacts')
      .replaceAll(/mesonet-(dev|prod)|(dev|prod)-mesonet/g, 'mesonet-stage')
      .replaceAll(/"READINGS_ITEM_MINUTES":"\d+"/g, '"READINGS_ITEM_MINUTES":"…"'),
  );
}

/** What resources/lasting-alerts.yml makes, by their ids. */
const LASTING_ALERTS = /^(AlertsStream|PublishAlerts(Role|LogGroup|LambdaFunction|EventSourceMapping\w+))$/;

/** Members that a parameter of the stage sets. */
const SAME: Readonly<Record<string, object>> = {
  StoreReadingsEventSourceMappingKinesisReadingsStream: { BatchSize: 0, MaximumBatchingWindowInSeconds: 0 },
};

async function contextOf(template: Template): Promise<CheckContext> {
  const handlers = Object.entries(template.Resources)
    .filter(([, { Type }]) => Type === 'AWS::Lambda::Function')
    .map(([id, { Properties }]) => ({ id, file: String(Properties?.Handler).replace(/\.handler$/, '.ts') }));
  const reached = await readReachedCode(handlers.map(({ file }) => file));
  const code = handlers.map(({ id, file }) => [id, reached.get(file)!] as const);
  return {
    functionActions: new Map(code.map(([id, { commands }]) => [id, actionsOfCommands(commands)])),
    functionVariables: new Map(code.map(([id, { variables }]) => [id, variables])),
  };
}
