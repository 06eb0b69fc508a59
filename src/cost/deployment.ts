import { readStack } from '../stack/read-stack.ts';
import { resolveIntrinsics } from '../stack/resolve-intrinsics.ts';
import type { FunctionResource, Stack, StreamResource, TableResource } from '../stack/stack.ts';
import { listOf, objectOf, type Properties, type Template, textOf } from '../stack/template.ts';

/** A compiled template as the bill sees it: what is deployed, and every resource with its references resolved. */
export interface Deployment {
  readonly stack: Stack;
  readonly resources: readonly DeployedResource[];
}

export interface DeployedResource {
  readonly logicalId: string;
  readonly type: string;
  readonly properties: Properties;
}

/** Names only have to be consistent: nothing is priced by account. */
const PLACE = { accountId: '000000000000', region: 'us-east-1', stackName: 'mesonet' };

/**
 * Reads a compiled CloudFormation template for pricing.
 * @throws StackError when a reference leads nowhere
 */
export function readDeployment(template: Template, projectFolder: string): Deployment {
  const resolve = resolveIntrinsics(template, PLACE);
  const resources = Object.entries(template.Resources).map(([logicalId, { Type, Properties = {} }]) => ({
    logicalId,
    type: Type,
    properties: resolve(Properties) as Properties,
  }));
  return { stack: readStack(template, projectFolder, PLACE), resources };
}

export function resourcesOf({ resources }: Deployment, type: string): readonly DeployedResource[] {
  return resources.filter((resource) => resource.type === type);
}

/** The template's properties of one resource; none when there is no such resource. */
export function propertiesOf({ resources }: Deployment, logicalId: string): Properties {
  return resources.find((resource) => resource.logicalId === logicalId)?.properties ?? {};
}

/** `store-readings` of `…/functions/store-readings.ts`: by this the model knows what a function does. */
export function handlerOf({ file }: FunctionResource): string {
  return file.slice(file.lastIndexOf('/') + 1).replace(/\.ts$/, '');
}

/** Whether the function runs on Graviton, which has its own price. */
export function isArm(deployment: Deployment, { logicalId }: FunctionResource): boolean {
  return ((propertiesOf(deployment, logicalId).Architectures ?? []) as readonly string[]).includes('arm64');
}

export function isTraced(deployment: Deployment, { logicalId }: FunctionResource): boolean {
  return textOf(objectOf(propertiesOf(deployment, logicalId), 'TracingConfig'), 'Mode') === 'Active';
}

export function isOnDemand({ input }: TableResource): boolean {
  return textOf(input, 'BillingMode') === 'PAY_PER_REQUEST';
}

/** Global secondary indexes that a put of a new item writes, and that an update of values only writes. */
export function indexWrites(table: TableResource | undefined): { put: number; update: number } {
  const indexes = table ? listOf(table.input, 'GlobalSecondaryIndexes') : [];
  const ofValues = indexes.filter(
    (index) => textOf(objectOf(index, 'Projection'), 'ProjectionType') !== 'KEYS_ONLY',
  );
  return { put: indexes.length, update: ofValues.length };
}

export function isOnDemandStream(deployment: Deployment, { logicalId }: StreamResource): boolean {
  const mode = objectOf(propertiesOf(deployment, logicalId), 'StreamModeDetails');
  return textOf(mode, 'StreamMode') === 'ON_DEMAND';
}
