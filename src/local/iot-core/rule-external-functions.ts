import { setTimeout as delay } from 'node:timers/promises';
import type { DynamodbQuery, ExternalFunctions, JsonValue } from '../../iot-sql/index.ts';
import type { LambdaResult } from '../lambda/lambda-function.ts';
import { LocalError } from '../local-error.ts';
import { createProtobufDecoder } from './protobuf-decoder.ts';
import { jsonOfAttribute } from './rule-actions/attribute-value.ts';

export interface RuleExternalFunctionsOptions {
  /** Runs one invocation and waits for its answer. @throws LocalError when there is no such function */
  readonly invoke: (functionName: string, event: string) => Promise<LambdaResult>;
  /** Calls one operation of DynamoDB. @throws DynamodbError */
  readonly callDynamodb: (operation: string, input: object) => Promise<unknown>;
  /** Reads an object of a bucket. @throws AwsError */
  readonly readObject: (bucketName: string, key: string) => Promise<{ etag: string; bytes: Uint8Array }>;
  /** The document of a shadow, undefined when there is none. */
  readonly findShadow: (thingName: string, shadowName: string | undefined) => JsonValue | undefined;
  /** Told in one sentence why a call gave Undefined. */
  readonly report: (text: string) => void;
}

/** AWS IoT developer guide, iot-sql-functions, aws_lambda. */
const LAMBDA_LIMIT_MILLIS = 2000;

/**
 * The services that rule functions reach and that the runtime has. There are no secrets and no models, nor is the registry
 * reached, so a rule with their functions does not compile. A call that fails is Undefined in the rule, and is reported.
 */
export function createRuleExternalFunctions(options: RuleExternalFunctionsOptions): ExternalFunctions {
  const decode = createProtobufDecoder(options);
  const reported =
    <Query extends readonly unknown[]>(
      name: string,
      call: (...query: Query) => Promise<JsonValue | undefined>,
    ) =>
    (...query: Query): Promise<JsonValue | undefined> =>
      call(...query).catch((error: Error) => {
        options.report(`The rule function ${name} failed: ${error.message}`);
        return undefined;
      });
  return {
    awsLambda: reported('aws_lambda', (functionArn, input) => awsLambda(functionArn, input, options)),
    getDynamodb: reported('get_dynamodb', (query) => getDynamodb(query, options)),
    decodeProtobuf: reported('decode', decode),
    getThingShadow: async (thingName, shadowName) => options.findShadow(thingName, shadowName),
  };
}

async function awsLambda(
  functionArn: string,
  input: JsonValue,
  { invoke }: RuleExternalFunctionsOptions,
): Promise<JsonValue | undefined> {
  const functionName = nameOf(functionArn);
  const given = new AbortController();
  const result = await Promise.race([
    invoke(functionName, JSON.stringify(input)),
    delay(LAMBDA_LIMIT_MILLIS, undefined, { signal: given.signal }).catch(() => undefined),
  ]).finally(() => given.abort());
  if (!result) throw new LocalError(`'${functionName}' did not answer within ${LAMBDA_LIMIT_MILLIS} ms`);
  if (!result.ok)
    throw new LocalError(
      `'${functionName}' failed with ${result.error.errorType}: ${result.error.errorMessage}`,
    );
  return result.value as JsonValue;
}

/** The name in `arn:aws:lambda:<region>:<account>:function:<name>[:<alias>]`, or the name itself. */
function nameOf(functionArn: string): string {
  return functionArn.startsWith('arn:') ? (functionArn.split(':')[6] ?? functionArn) : functionArn;
}

/** GetItem by the key of the table; Undefined when there is no such item. */
async function getDynamodb(
  { tableName, partitionKey, sortKey }: DynamodbQuery,
  { callDynamodb }: RuleExternalFunctionsOptions,
): Promise<JsonValue | undefined> {
  const keys = sortKey ? [partitionKey, sortKey] : [partitionKey];
  const Key = Object.fromEntries(keys.map(([name, value]) => [name, keyAttribute(name, value)]));
  const { Item } = (await callDynamodb('GetItem', { TableName: tableName, Key })) as { Item?: object };
  return Item && (jsonOfAttribute({ M: Item }) as JsonValue);
}

function keyAttribute(name: string, value: JsonValue): object {
  if (typeof value === 'number') return { N: String(value) };
  if (typeof value === 'string') return { S: value };
  throw new LocalError(`Key '${name}' is ${JSON.stringify(value)}, expected a text or a number`);
}
