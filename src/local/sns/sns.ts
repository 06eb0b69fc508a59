import type { NamedResource } from '../../stack/stack.ts';
import { AwsError } from '../aws-endpoint/aws-endpoint-error.ts';
import type { AwsFace, AwsRequest, AwsResponse } from '../aws-endpoint/aws-endpoint-message.ts';
import { LocalError } from '../local-error.ts';

/** A message that somebody published to a topic. */
export interface PublishedMessage {
  readonly topicArn: string;
  readonly message: string;
  readonly subject: string | undefined;
}

export interface SnsOptions {
  readonly topics: readonly Pick<NamedResource, 'name'>[];
  readonly queues: readonly Pick<NamedResource, 'name'>[];
  readonly region: string;
  readonly accountId: string;
  /** Told of every message that a topic took. */
  readonly onPublish: (message: PublishedMessage) => void;
}

/** The stand-in for SNS and SQS, behind one door for both. */
export interface Sns {
  readonly face: AwsFace;
  stop(): Promise<void>;
}

/** The part of a Fastify application that is used: requests are handed in without a socket. */
interface Application {
  inject(request: object): Promise<Answer>;
  close(): Promise<unknown>;
}

interface Answer {
  readonly statusCode: number;
  readonly headers: Readonly<Record<string, unknown>>;
  readonly rawPayload: Buffer;
}

/** The account that fauxqs puts into every ARN. */
const ACCOUNT_ID = '000000000000';
const INNER_HOST = 'localhost';

/**
 * Stands in for SNS and SQS through fauxqs, in this process and without a port. It costs some 40 MB of memory, so it is
 * loaded by the first call; the topics and queues of the template are there from then on. All state is in memory.
 * @throws LocalError when the template is of another account
 */
export function createSns(options: SnsOptions): Sns {
  if (options.accountId !== ACCOUNT_ID)
    throw new LocalError(
      `Cannot stand in for SNS in account '${options.accountId}': topics and queues live in account '${ACCOUNT_ID}'`,
    );
  let loading: Promise<Application> | undefined;
  return {
    face: async (request) => {
      loading ??= load(options);
      const response = await forward(await loading, request);
      if (response.status === 200 && request.service === 'sns') reportPublished(request, options.onPublish);
      return response;
    },
    stop: async () => {
      await (await loading)?.close();
    },
  };
}

async function load({ topics, queues, region }: SnsOptions): Promise<Application> {
  const { buildApp } = await import('fauxqs');
  const application = buildApp({ logger: false, defaultRegion: region }) as unknown as Application;
  const create = async (service: 'sns' | 'sqs', headers: object, payload: string): Promise<void> => {
    const authorization = `AWS4-HMAC-SHA256 Credential=local/20260101/${region}/${service}/aws4_request`;
    const request = {
      method: 'POST',
      url: '/',
      headers: { ...headers, host: INNER_HOST, authorization },
      payload,
    };
    const { statusCode, rawPayload } = await application.inject(request);
    if (statusCode !== 200) throw new LocalError(`Cannot set up ${service}: ${rawPayload}`);
  };
  const form = { 'content-type': 'application/x-www-form-urlencoded' };
  const json = { 'content-type': 'application/x-amz-json-1.0', 'x-amz-target': 'AmazonSQS.CreateQueue' };
  for (const { name } of topics) await create('sns', form, `Action=CreateTopic&Name=${name}`);
  for (const { name } of queues) await create('sqs', json, JSON.stringify({ QueueName: name }));
  return application;
}

async function forward(application: Application, request: AwsRequest): Promise<AwsResponse> {
  // Whatever is not an operation would fall through to the S3 that fauxqs has too.
  if (request.method !== 'POST')
    throw new AwsError(
      'UnknownOperationException',
      `The method ${request.method} is not an operation of ${request.service}`,
    );
  const payload = request.service === 'sqs' ? withInnerQueueUrl(request) : request.body;
  const { statusCode, headers, rawPayload } = await application.inject({
    method: 'POST',
    url: '/',
    headers: { ...request.headers, host: INNER_HOST, 'content-length': String(payload.length) },
    payload,
  });
  const kept = ['content-type', 'x-amzn-query-error'].filter((name) => headers[name] !== undefined);
  return {
    status: statusCode,
    headers: Object.fromEntries(kept.map((name) => [name, String(headers[name])])),
    body: request.service === 'sqs' ? withOuterQueueUrls(rawPayload, request) : rawPayload,
  };
}

/** A queue is known by its address, and fauxqs gives out addresses of a host that only it knows. */
function withInnerQueueUrl({ body, region }: AwsRequest): Buffer {
  const input = parseObject(body);
  if (typeof input?.QueueUrl !== 'string') return body;
  const name = input.QueueUrl.slice(input.QueueUrl.lastIndexOf('/') + 1);
  return Buffer.from(JSON.stringify({ ...input, QueueUrl: `${innerAddress(region)}/${ACCOUNT_ID}/${name}` }));
}

/** Clients send to the address of a queue, so it has to be one that they reach: the one they called. */
function withOuterQueueUrls(payload: Buffer, { headers, region }: AwsRequest): Buffer {
  const output = parseObject(payload);
  if (!output || !('QueueUrl' in output || 'QueueUrls' in output)) return payload;
  const outer = (url: string): string => url.replace(innerAddress(region), `http://${headers.host}`);
  const { QueueUrl, QueueUrls } = output as { QueueUrl?: string; QueueUrls?: string[] };
  return Buffer.from(
    JSON.stringify({
      ...output,
      ...(QueueUrl && { QueueUrl: outer(QueueUrl) }),
      ...(QueueUrls && { QueueUrls: QueueUrls.map(outer) }),
    }),
  );
}

function innerAddress(region: string): string {
  return `http://sqs.${region}.${INNER_HOST}`;
}

function parseObject(bytes: Buffer): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(bytes.toString());
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : undefined;
  } catch {
    return undefined;
  }
}

/** Reads a publication back from the request that made it (Amazon SNS API reference, Publish and PublishBatch). */
function reportPublished({ body }: AwsRequest, onPublish: SnsOptions['onPublish']): void {
  const form = new URLSearchParams(body.toString());
  const topicArn = form.get('TopicArn') ?? '';
  const report = (prefix: string): void => {
    const message = form.get(`${prefix}Message`);
    if (message === null) return;
    onPublish({ topicArn, message, subject: form.get(`${prefix}Subject`) ?? undefined });
  };
  if (form.get('Action') === 'Publish') report('');
  if (form.get('Action') !== 'PublishBatch') return;
  for (const name of form.keys()) {
    const entry = /^(PublishBatchRequestEntries\.member\.\d+\.)Id$/.exec(name);
    if (entry) report(entry[1]!);
  }
}
