import { request } from 'node:https';
import { ApiGatewayV2Client } from '@aws-sdk/client-apigatewayv2';
import { CloudFormationClient } from '@aws-sdk/client-cloudformation';
import { CloudWatchClient } from '@aws-sdk/client-cloudwatch';
import { CloudWatchLogsClient } from '@aws-sdk/client-cloudwatch-logs';
import { CognitoIdentityProviderClient } from '@aws-sdk/client-cognito-identity-provider';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { EventBridgeClient } from '@aws-sdk/client-eventbridge';
import { FirehoseClient } from '@aws-sdk/client-firehose';
import { IAMClient } from '@aws-sdk/client-iam';
import { KinesisClient } from '@aws-sdk/client-kinesis';
import { LambdaClient } from '@aws-sdk/client-lambda';
import { S3Client } from '@aws-sdk/client-s3';
import { SNSClient } from '@aws-sdk/client-sns';
import { SQSClient } from '@aws-sdk/client-sqs';
import { NodeHttpHandler } from '@smithy/node-http-handler';
import type { Emulator } from './emulator.test-support.ts';

/** Ordinary SDK clients of the account that a deploy goes to. */
export type AwsClients = ReturnType<typeof connectAws>;

export function connectAws({ endpoint, certificate }: Emulator) {
  const settings = {
    endpoint,
    region: 'us-east-1',
    credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
    requestHandler: new NodeHttpHandler({ httpsAgent: { ca: certificate } }),
  };
  return {
    api: new ApiGatewayV2Client(settings),
    cloudFormation: new CloudFormationClient(settings),
    cloudWatch: new CloudWatchClient(settings),
    cognito: new CognitoIdentityProviderClient(settings),
    dynamoDb: new DynamoDBClient(settings),
    events: new EventBridgeClient(settings),
    firehose: new FirehoseClient(settings),
    iam: new IAMClient(settings),
    kinesis: new KinesisClient(settings),
    lambda: new LambdaClient(settings),
    logs: new CloudWatchLogsClient(settings),
    s3: new S3Client({ ...settings, forcePathStyle: true }),
    sns: new SNSClient(settings),
    sqs: new SQSClient(settings),
    /** AWS IoT has no client here; the emulator takes the root key of a request by its credential, unsigned. */
    iot: (method: string, path: string, body?: Uint8Array) =>
      send({ endpoint, certificate, method, path, body, service: 'iot' }),
    iotData: (method: string, path: string, body?: Uint8Array) =>
      send({ endpoint, certificate, method, path, body, service: 'iotdata' }),
    /** Nor has KMS. */
    kms: async (operation: string, input: object): Promise<unknown> => {
      const body = Buffer.from(JSON.stringify(input));
      const target = {
        'x-amz-target': `TrentService.${operation}`,
        'content-type': 'application/x-amz-json-1.1',
      };
      const { text } = await send({
        endpoint,
        certificate,
        method: 'POST',
        path: '/',
        body,
        service: 'kms',
        more: target,
      });
      return JSON.parse(text);
    },
    /** A request to an HTTP API by its host name; without credentials unless a service is named. */
    http: (apiId: string, method: string, path: string, { body, service }: HttpOptions = {}) =>
      send({ endpoint, certificate, method, path, body, service, host: `${apiId}.execute-api.localhost` }),
  };
}

interface HttpOptions {
  readonly body?: Uint8Array;
  readonly service?: string;
}

interface RawRequest {
  readonly endpoint: string;
  readonly certificate: string;
  readonly method: string;
  readonly path: string;
  readonly body?: Uint8Array | undefined;
  readonly service?: string | undefined;
  readonly host?: string;
  readonly more?: Readonly<Record<string, string>>;
}

export interface RawAnswer {
  readonly status: number;
  readonly text: string;
}

function send({
  endpoint,
  certificate,
  method,
  path,
  body,
  service,
  host,
  more,
}: RawRequest): Promise<RawAnswer> {
  const credential = service && `test/20260101/us-east-1/${service}/aws4_request`;
  const headers = {
    ...more,
    ...(host && { host }),
    ...(credential && {
      authorization: `AWS4-HMAC-SHA256 Credential=${credential}, SignedHeaders=host, Signature=0`,
    }),
  };
  return new Promise((resolve, reject) => {
    const outgoing = request(
      `${endpoint}${path}`,
      { method, ca: certificate, servername: 'localhost', headers },
      (answer) => {
        const chunks: Buffer[] = [];
        answer.on('data', (chunk: Buffer) => chunks.push(chunk));
        answer.once('end', () =>
          resolve({ status: answer.statusCode ?? 0, text: Buffer.concat(chunks).toString() }),
        );
      },
    );
    outgoing.once('error', reject);
    outgoing.end(body);
  });
}
