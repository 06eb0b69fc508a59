import type { JsonValue } from './value.ts';

/**
 * The services that rule functions reach. Each method may answer at once or later; a rule with such functions is
 * evaluated after `rule.resolveExternal(message)`. A method that is missing makes the rule that needs it not compile.
 */
export interface ExternalFunctions {
  /** `aws_lambda(functionArn, inputJson)`: the function's JSON result (limit 2000 ms on AWS). */
  awsLambda?(functionArn: string, input: JsonValue): ExternalResult;
  /** `get_dynamodb(table, pk, pkv[, sk, skv], roleArn)`: the item as plain JSON. */
  getDynamodb?(query: DynamodbQuery): ExternalResult;
  /** `get_thing_shadow(thing[, shadow], roleArn)`: the shadow document. */
  getThingShadow?(thingName: string, shadowName: string | undefined, roleArn: string): ExternalResult;
  /** `get_secret(id, SecretString|SecretBinary[, key], roleArn)` */
  getSecret?(query: SecretQuery): ExternalResult;
  /** `get_registry_data('DescribeThing'|'ListThingGroupsForThing', thing, roleArn)` */
  getRegistryData?(operation: string, thingName: string, roleArn: string): ExternalResult;
  /** `machinelearning_predict(model, roleArn, record)` */
  machinelearningPredict?(modelId: string, roleArn: string, record: JsonValue): ExternalResult;
  /** `decode(bytes, 'proto', bucket, descriptor, file, message)`: the message as JSON; `base64` holds its bytes. */
  decodeProtobuf?(query: ProtobufQuery): ExternalResult;
}

/** Undefined when the call failed or found nothing. */
export type ExternalResult = JsonValue | undefined | Promise<JsonValue | undefined>;

export interface DynamodbQuery {
  readonly tableName: string;
  readonly partitionKey: readonly [name: string, value: JsonValue];
  readonly sortKey: readonly [name: string, value: JsonValue] | undefined;
  readonly roleArn: string;
}

export interface SecretQuery {
  readonly secretId: string;
  readonly secretType: string;
  readonly key: string | undefined;
  readonly roleArn: string;
}

export interface ProtobufQuery {
  readonly base64: string;
  readonly bucket: string;
  readonly descriptor: string;
  readonly file: string;
  readonly messageType: string;
}
