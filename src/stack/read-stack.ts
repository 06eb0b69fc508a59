import { join } from 'node:path';
import { resolveIntrinsics, type StackPlace } from './resolve-intrinsics.ts';
import { functionNameOf } from './resource-names.ts';
import { readers } from './resource-readers.ts';
import type { ApplicationResource, Stack } from './stack.ts';
import { StackError } from './stack-error.ts';
import { listOf, numberOf, objectOf, type Properties, type Template, textOf } from './template.ts';

/** What is being collected; the readers of the resource types fill it. */
export type StackDraft = {
  -readonly [Part in keyof Stack]: Stack[Part] extends readonly (infer Item)[] ? Item[] : Stack[Part];
};

/** Where a draft stands while one resource is read. */
export interface ReadingContext {
  readonly projectFolder: string;
  readonly place: StackPlace;
  readonly draft: StackDraft;
  /** The ARN of a resource of the template. */
  readonly arn: (logicalId: string) => string;
  readonly name: (logicalId: string) => string;
  /** The properties of a resource of the template, resolved; empty when there is no such resource. */
  readonly propertiesOf: (logicalId: string) => Properties;
}

/**
 * Reads a compiled template into what is deployed, as data.
 *
 * @throws StackError when a reference leads nowhere
 */
export function readStack(template: Template, projectFolder: string, place: StackPlace): Stack {
  const resolve = resolveIntrinsics(template, place);
  const draft = emptyDraft(place);
  const context: ReadingContext = {
    projectFolder,
    place,
    draft,
    arn: (logicalId) => String(resolve({ 'Fn::GetAtt': [logicalId, 'Arn'] })),
    name: (logicalId) => String(resolve({ Ref: logicalId })),
    propertiesOf: (logicalId) => resolve(template.Resources[logicalId]?.Properties ?? {}) as Properties,
  };
  for (const [logicalId, resource] of Object.entries(template.Resources)) {
    const properties = resolve(resource.Properties ?? {}) as Properties;
    const reader = readers[resource.Type];
    if (!reader) {
      draft.notEmulated.push({ logicalId, type: resource.Type, reason: 'no local stand-in' });
      continue;
    }
    for (const name of Object.keys(properties)) {
      if (reader.properties.includes(name)) continue;
      draft.notEmulated.push({ logicalId, type: resource.Type, reason: `property ${name} is ignored` });
    }
    reader.read?.(logicalId, properties, context);
  }
  draft.applications.push(...readApplications(template, context));
  checkReferences(draft);
  return draft;
}

function emptyDraft({ region, accountId }: StackPlace): StackDraft {
  return {
    region,
    accountId,
    streams: [],
    deliveryStreams: [],
    buckets: [],
    tables: [],
    topics: [],
    queues: [],
    functions: [],
    eventSourceMappings: [],
    queueMappings: [],
    topicRules: [],
    iotPolicies: [],
    provisioningTemplates: [],
    roles: [],
    roleAliases: [],
    httpApis: [],
    routes: [],
    queueRoutes: [],
    schedules: [],
    applications: [],
    notEmulated: [],
  };
}

/** Lists of applications: one, and for each further file of the stack one with a name of its own behind it. */
const APPLICATIONS = /^Mesonet::StreamingApplications(::|$)/;

function readApplications(
  template: Template,
  { projectFolder, name }: ReadingContext,
): ApplicationResource[] {
  const metadata = template.Metadata ?? {};
  const keys = Object.keys(metadata).filter((key) => APPLICATIONS.test(key));
  return keys
    .flatMap((key) => listOf(metadata, key))
    .map((application) => ({
      name: textOf(application, 'Name') ?? '',
      file: join(projectFolder, textOf(application, 'Code') ?? ''),
      inputStream: name(textOf(application, 'Input') ?? ''),
      ...(application.InputPartitionKey ? { inputPartitionKey: String(application.InputPartitionKey) } : {}),
      ...(application.Function ? { functionName: name(String(application.Function)) } : {}),
      outputs: Object.entries(objectOf(application, 'Outputs')).map(([from, output]) => ({
        from,
        stream: name(textOf(output as Properties, 'Stream') ?? ''),
        partitionKey: textOf(output as Properties, 'PartitionKey') ?? '',
      })),
      references: Object.entries(objectOf(application, 'References')).map(([table, reference]) => ({
        table,
        file: join(projectFolder, textOf(reference as Properties, 'File') ?? ''),
      })),
      ...(application.RejectedBucket ? { rejectedBucket: name(String(application.RejectedBucket)) } : {}),
      ...(application.TimeColumn ? { time: readTime(application) } : {}),
    }));
}

function readTime(application: Properties): NonNullable<ApplicationResource['time']> {
  return {
    source: 'column',
    column: textOf(application, 'TimeColumn') ?? '',
    outOfOrderMillis: numberOf(application, 'OutOfOrderMillis', 0),
    allowedLatenessMillis: numberOf(application, 'AllowedLatenessMillis', 0),
  };
}

/** Routes, mappings, schedules and hooks must lead to functions and queues that are there. */
function checkReferences(draft: StackDraft): void {
  const { functions, queues, routes, eventSourceMappings, queueMappings, queueRoutes, schedules } = draft;
  const hooks = draft.provisioningTemplates.flatMap(({ hook }) =>
    hook ? { functionName: functionNameOf(hook.targetArn) } : [],
  );
  const known = new Set(functions.map(({ name }) => name));
  for (const { functionName } of [
    ...routes,
    ...eventSourceMappings,
    ...queueMappings,
    ...schedules,
    ...hooks,
  ]) {
    if (!known.has(functionName))
      throw new StackError(`Cannot find function '${functionName}': the template has no such function`);
  }
  const read = queueMappings.map(({ queueArn }) => queueArn.slice(queueArn.lastIndexOf(':') + 1));
  for (const name of [...read, ...queueRoutes.map(({ queueName }) => queueName)]) {
    if (!queues.some((queue) => queue.name === name))
      throw new StackError(`Cannot find queue '${name}': the template has no such queue`);
  }
}
