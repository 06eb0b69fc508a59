import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { KinesisClient } from '@aws-sdk/client-kinesis';
import { S3Client } from '@aws-sdk/client-s3';
import { SNSClient } from '@aws-sdk/client-sns';
import { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';
import { NodeHttpHandler } from '@smithy/node-http-handler';

interface Closable {
  destroy(): void;
}

const clients = new Map<string, Closable>();

/** DynamoDB with plain JavaScript values; numbers are read as doubles. */
export const dynamoDb = /* @__PURE__ */ clientOf('dynamodb', () => {
  const inner = new DynamoDBClient(settings());
  // Destroying a document client closes nothing; the connections are the inner client's.
  clients.set('dynamodb connections', inner);
  return DynamoDBDocumentClient.from(inner, {
    marshallOptions: { removeUndefinedValues: true },
    unmarshallOptions: { wrapNumbers: Number },
  });
});
export const kinesis = /* @__PURE__ */ clientOf('kinesis', () => new KinesisClient(settings()));
export const sns = /* @__PURE__ */ clientOf('sns', () => new SNSClient(settings()));
/** Local endpoints have no wildcard host names, so the bucket goes into the path there. */
export const s3 = /* @__PURE__ */ clientOf('s3', () => {
  const hasEndpoint = (process.env.AWS_ENDPOINT_URL_S3 ?? process.env.AWS_ENDPOINT_URL ?? '') !== '';
  return new S3Client({ ...settings(), forcePathStyle: hasEndpoint });
});

/** Closes every connection; the next use makes new clients from the environment as it is then. */
export function closeClients(): void {
  for (const client of clients.values()) client.destroy();
  clients.clear();
}

/**
 * The SDK itself reads AWS_REGION, the credentials and AWS_ENDPOINT_URL. HTTP/1.1 for all: the Kinesis client's own choice,
 * HTTP/2, fails on plain http endpoints.
 */
function settings() {
  return {
    maxAttempts: 5,
    requestHandler: new NodeHttpHandler({
      connectionTimeout: 3_000,
      requestTimeout: 15_000,
      httpAgent: { keepAlive: true, maxSockets: 64 },
      httpsAgent: { keepAlive: true, maxSockets: 64 },
    }),
  };
}

function clientOf<T extends Closable>(name: string, create: () => T): () => T {
  return () => {
    let client = clients.get(name) as T | undefined;
    if (client === undefined) {
      client = create();
      clients.set(name, client);
    }
    return client;
  };
}
