import { join } from 'node:path';
import type { ReplaySource } from '../../replay/replay-source.ts';
import { compileStack } from '../../stack/compile-stack.ts';
import { LOCAL_PLACE } from '../../stack/local-place.ts';
import { readStack } from '../../stack/read-stack.ts';
import type { Stack } from '../../stack/stack.ts';
import { bucketsNamed } from '../../stores/bucket-objects.ts';

/** The pipeline cannot be found, or not be reached. */
export class ReplayPlaceError extends Error {
  override name = 'ReplayPlaceError';
}

/** Names of what a replay reads and writes, as the stack of a stage has them. */
export interface ReplayPlaces {
  readonly streamName: string;
  readonly tablePrefix: string;
  readonly exportAfterWeeks: number;
  readonly itemMinutes: number;
  /** What the names of the buckets begin with: CloudFormation adds an id behind it. */
  readonly bucketPrefixes: Readonly<Record<ReplaySource['bucket'], string>>;
}

/** Where requests go. */
export interface ReplayTarget {
  /** For people. */
  readonly name: string;
  readonly isLocal: boolean;
}

const LOCAL_ENDPOINT = 'http://127.0.0.1:4566';
/** Any of these says that somebody means AWS itself. */
const AWS_VARIABLES = [
  'AWS_PROFILE',
  'AWS_ACCESS_KEY_ID',
  'AWS_WEB_IDENTITY_TOKEN_FILE',
  'AWS_CONTAINER_CREDENTIALS_RELATIVE_URI',
  'AWS_CONTAINER_CREDENTIALS_FULL_URI',
];

/**
 * Decides whom the SDK's clients ask, before the first one is made: the given endpoint, else the one of the environment,
 * else AWS where the environment has credentials for it, else the pipeline on this machine.
 */
export function chooseTarget(url: string | undefined, environment: NodeJS.ProcessEnv): ReplayTarget {
  const meansAws = AWS_VARIABLES.some((name) => environment[name]);
  const endpoint = url ?? (environment.AWS_ENDPOINT_URL || (meansAws ? undefined : LOCAL_ENDPOINT));
  environment.AWS_REGION ||= environment.AWS_DEFAULT_REGION || '';
  if (endpoint === undefined) {
    if (environment.AWS_REGION === '') delete environment.AWS_REGION;
    return { name: `AWS ${environment.AWS_REGION ?? ''}`.trim(), isLocal: false };
  }
  environment.AWS_ENDPOINT_URL = endpoint;
  environment.AWS_REGION ||= LOCAL_PLACE.region;
  if (!meansAws) Object.assign(environment, { AWS_ACCESS_KEY_ID: 'local', AWS_SECRET_ACCESS_KEY: 'local' });
  return { name: endpoint, isLocal: true };
}

/** @throws StackError when the stack does not compile, ReplayPlaceError when it stores no readings */
export async function readPlaces(projectFolder: string, stage: string): Promise<ReplayPlaces> {
  const template = await compileStack({
    projectFolder,
    cacheFolder: join(projectFolder, '.mesonet', 'stack'),
    stage,
  });
  const place = { ...LOCAL_PLACE, stackName: LOCAL_PLACE.stackName.replace(/-[^-]*$/, `-${stage}`) };
  return placesOf(readStack(template, projectFolder, place), projectFolder);
}

function placesOf(stack: Stack, projectFolder: string): ReplayPlaces {
  const store = stack.functions.find(
    ({ environment }) =>
      environment.READINGS_TABLE_PREFIX && environment.LATEST_TABLE && environment.EXPORT_AFTER_WEEKS,
  );
  const mapping = stack.eventSourceMappings.find(({ functionName }) => functionName === store?.name);
  const stream = stack.streams.find(({ arn }) => arn === mapping?.streamArn);
  const [delivery] = stack.deliveryStreams;
  if (!store || !stream || !delivery)
    throw new ReplayPlaceError(
      `Cannot replay into the stack of '${projectFolder}': no function of it stores readings of a stream`,
    );
  return {
    streamName: stream.name,
    tablePrefix: store.environment.READINGS_TABLE_PREFIX!,
    exportAfterWeeks: Number(store.environment.EXPORT_AFTER_WEEKS),
    itemMinutes: Number(store.environment.READINGS_ITEM_MINUTES ?? 1),
    bucketPrefixes: { raw: delivery.bucketName, archive: store.environment.ARCHIVE_BUCKET ?? '' },
  };
}

/**
 * The one bucket of the stack: its name, or that with CloudFormation's id behind it.
 * @throws ReplayPlaceError when there is none, or more than one
 */
export async function findBucket(prefix: string, target: ReplayTarget): Promise<string> {
  const named = await bucketsNamed(prefix).catch((cause: Error) => {
    throw new ReplayPlaceError(`Cannot reach ${target.name}: ${problemOf(cause, target)}`, { cause });
  });
  const found = named.filter((name) => name === prefix || name.startsWith(`${prefix}-`));
  if (found.length === 1) return found[0]!;
  const problem = found.length === 0 ? 'there is none' : `there are ${found.join(', ')}`;
  throw new ReplayPlaceError(
    `Cannot find the bucket '${prefix}…' at ${target.name}: ${problem}; name it with --bucket`,
  );
}

function problemOf(cause: Error & { code?: string }, { isLocal }: ReplayTarget): string {
  if (isLocal && cause.code === 'ECONNREFUSED')
    return 'nothing listens there; start the pipeline with "mesonet start", or give its AWS endpoint with --url';
  return cause.message || cause.name;
}
