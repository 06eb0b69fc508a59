import { toText } from '../conversion.ts';
import type { ExternalFunctions, ExternalResult } from '../external-functions.ts';
import type { Evaluate } from '../frame.ts';
import { jsonText, toJsonValue } from '../json-text.ts';
import type { ExpressionNode } from '../nodes.ts';
import { isArray, isObject, type JsonValue, type ObjectValue, setAttribute, type Value } from '../value.ts';
import type { CallSite, FunctionSpec, FunctionTable } from './function-spec.ts';

/** Starts one call; undefined when the arguments are not of the types it takes. */
export type StartCall = (external: ExternalFunctions, values: readonly Value[]) => ExternalResult;

/**
 * A call of the port. Its result is kept on the message under the function and the values of its arguments, so that
 * evaluating again after `resolveExternal` has waited finds it, as data or as text; until then it is Undefined.
 */
export function callExternal(call: CallSite, start: StartCall): Evaluate {
  const external = call.external!;
  return (frame) => {
    const values = call.arguments.map((argument) => argument(frame));
    return frame.message.externalCalls.call(start, values, () => start(external, values));
  };
}

function port(
  minArguments: number,
  maxArguments: number,
  start: StartCall,
  extra: Partial<FunctionSpec> = {},
): FunctionSpec {
  const compile = (call: CallSite) => callExternal(call, start);
  return { minArguments, maxArguments, isExternal: true, compile, ...extra };
}

const awsLambda: StartCall = (external, [functionArn, input]) => {
  const json = toJsonValue(input);
  if (typeof functionArn !== 'string' || json === undefined) return undefined;
  return external.awsLambda?.(functionArn, json);
};

/** `get_dynamodb(table, pk, pkv[, sk, skv], roleArn)` */
const getDynamodb: StartCall = (external, values) => {
  if (values.length !== 4 && values.length !== 6) return undefined;
  const [tableName, partitionName, partitionValue, sortName, sortValue] = values;
  const roleArn = values.at(-1);
  const partitionKey = keyOf(partitionName, partitionValue);
  const sortKey = values.length === 6 ? keyOf(sortName, sortValue) : undefined;
  if (typeof tableName !== 'string' || typeof roleArn !== 'string' || partitionKey === undefined)
    return undefined;
  if (values.length === 6 && sortKey === undefined) return undefined;
  return external.getDynamodb?.({ tableName, partitionKey, sortKey, roleArn });
};

function keyOf(name: Value, value: Value): readonly [string, JsonValue] | undefined {
  const json = toJsonValue(value);
  return typeof name === 'string' && json !== undefined ? [name, json] : undefined;
}

/** `get_thing_shadow(thing[, shadow], roleArn)` */
const getThingShadow: StartCall = (external, values) => {
  const texts = values.map(toText);
  if (texts.includes(undefined)) return undefined;
  const [thingName, second, third] = texts as string[];
  return external.getThingShadow?.(thingName!, third === undefined ? undefined : second, third ?? second!);
};

/** `get_secret(id, type[, key], roleArn)` */
const getSecret: StartCall = (external, values) => {
  const texts = values.map(toText);
  if (texts.includes(undefined)) return undefined;
  const [secretId, secretType, third, fourth] = texts as string[];
  if (secretType !== 'SecretString' && secretType !== 'SecretBinary') return undefined;
  const key = fourth === undefined ? undefined : third;
  return external.getSecret?.({ secretId: secretId!, secretType, key, roleArn: fourth ?? third! });
};

const getRegistryData: StartCall = (external, [operation, thingName, roleArn]) => {
  if (operation !== 'DescribeThing' && operation !== 'ListThingGroupsForThing') return undefined;
  if (typeof thingName !== 'string' || typeof roleArn !== 'string') return undefined;
  return external.getRegistryData?.(operation, thingName, roleArn);
};

const machinelearningPredict: StartCall = (external, [modelId, roleArn, record]) => {
  if (typeof modelId !== 'string' || typeof roleArn !== 'string' || !isObject(record)) return undefined;
  return external.machinelearningPredict?.(modelId, roleArn, flattenRecord(record));
};

/** The record is a single layer: what is nested in it becomes its JSON text. */
function flattenRecord(record: ObjectValue): JsonValue {
  const flat: Record<string, Value> = {};
  for (const [key, value] of Object.entries(record)) {
    const isNested = isObject(value) || isArray(value);
    if (value !== undefined) setAttribute(flat, key, isNested ? jsonText(value) : value);
  }
  return toJsonValue(flat) ?? null;
}

/** The port's method behind each function name. */
export const EXTERNAL_METHODS: Readonly<Record<string, keyof ExternalFunctions>> = {
  aws_lambda: 'awsLambda',
  get_dynamodb: 'getDynamodb',
  get_registry_data: 'getRegistryData',
  get_secret: 'getSecret',
  get_thing_shadow: 'getThingShadow',
  machinelearning_predict: 'machinelearningPredict',
  decode: 'decodeProtobuf',
};

/** Does a call reach another service? `decode` does so with more than its two plain arguments. */
export function isExternalCall(node: ExpressionNode): boolean {
  if (node.kind !== 'call' || !Object.hasOwn(EXTERNAL_METHODS, node.name)) return false;
  return node.name !== 'decode' || node.arguments.length > 2;
}

/** Functions that reach other services (AWS IoT developer guide, iot-sql-functions). */
export const EXTERNAL_FUNCTIONS: FunctionTable = {
  aws_lambda: port(2, 2, awsLambda),
  get_dynamodb: port(4, 6, getDynamodb, { since: '2016-03-23', maxCalls: 1, fixedArguments: [-1] }),
  get_registry_data: port(3, 3, getRegistryData, {
    since: '2016-03-23',
    maxCalls: 1,
    fixedArguments: [0, -1],
  }),
  get_secret: port(3, 4, getSecret, { fixedArguments: [1, -1] }),
  get_thing_shadow: port(2, 3, getThingShadow, { since: '2016-03-23', fixedArguments: [-1] }),
  machinelearning_predict: port(3, 3, machinelearningPredict, { fixedArguments: [1] }),
};
