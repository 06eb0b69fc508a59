import {
  ListStackResourcesCommand,
  type ListStackResourcesCommandOutput,
} from '@aws-sdk/client-cloudformation';
import type { AwsClients } from './aws-clients.test-support.ts';
import { differences, type ExpectedResource } from './expected-resources.test-support.ts';
import { accessReaders } from './read-access.test-support.ts';
import { computeReaders } from './read-compute.test-support.ts';
import { dataReaders } from './read-data.test-support.ts';

/** Reads one resource from its own service, in the words of CloudFormation; throws where it is not there. */
export type ReadBack = (
  aws: AwsClients,
  resource: ExpectedResource,
) => Promise<Readonly<Record<string, unknown>>>;

/** How each resource type is read back. */
export const READERS: Readonly<Record<string, ReadBack>> = {
  ...dataReaders,
  ...computeReaders,
  ...accessReaders,
};

/** What the stack's resources are called now: names only; whether they are there is asked of their own services. */
export async function physicalIds(
  { cloudFormation }: AwsClients,
  stack: string,
): Promise<Map<string, string>> {
  const ids = new Map<string, string>();
  let NextToken: string | undefined;
  do {
    const command = new ListStackResourcesCommand({ StackName: stack, NextToken });
    const page: ListStackResourcesCommandOutput = await cloudFormation.send(command);
    for (const { LogicalResourceId, PhysicalResourceId } of page.StackResourceSummaries ?? [])
      ids.set(LogicalResourceId ?? '', PhysicalResourceId ?? '');
    NextToken = page.NextToken;
  } while (NextToken !== undefined);
  return ids;
}

/** One difference between template and service. */
export interface Difference {
  readonly id: string;
  readonly type: string;
  readonly property: string;
  readonly text: string;
}

/** Every property of the template against what the resource's service says. */
export async function compareResource(
  aws: AwsClients,
  resource: ExpectedResource,
): Promise<readonly Difference[]> {
  const { id, type, properties } = resource;
  const deployed = await READERS[type]!(aws, resource).catch((error: Error) => error);
  if (deployed instanceof Error)
    return [{ id, type, property: '', text: `${id} cannot be read: ${deployed.name}: ${deployed.message}` }];
  return Object.entries(properties).flatMap(([property, expected]) =>
    differences(expected, deployed[property], `${id}.${property}`).map((text) => ({
      id,
      type,
      property,
      text,
    })),
  );
}
