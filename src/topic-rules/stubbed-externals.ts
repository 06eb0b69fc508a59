import type { ExternalFunctions, JsonValue } from '../iot-sql/index.ts';
import { jsonDifferences } from './json-difference.ts';
import type { ExternalAnswer } from './rule-case.ts';

/** The functions that reach other services, by their names in SQL. */
export const EXTERNAL_NAMES = [
  'aws_lambda',
  'decode',
  'get_dynamodb',
  'get_registry_data',
  'get_secret',
  'get_thing_shadow',
  'machinelearning_predict',
] as const;

/** Services that answer what was written down beforehand, and note what they were asked besides. */
export class StubbedExternals {
  readonly #answers: readonly ExternalAnswer[];
  readonly #unanswered = new Set<string>();
  /** The port to compile a rule with. */
  readonly port: ExternalFunctions;

  constructor(answers: readonly ExternalAnswer[] = []) {
    this.#answers = answers;
    this.port = portOf((name, given) => this.#answer(name, given));
  }

  /** The calls that nothing was written down for, as they would stand in SQL; they gave Undefined. */
  get unanswered(): readonly string[] {
    return [...this.#unanswered];
  }

  #answer(name: string, given: readonly (JsonValue | undefined)[]): JsonValue | undefined {
    const values = given.filter((value) => value !== undefined);
    const answer = this.#answers.find(
      ({ function: called, arguments: wanted }) =>
        called === name && (wanted === undefined || jsonDifferences(wanted, values).length === 0),
    );
    if (answer === undefined)
      this.#unanswered.add(`${name}(${values.map((value) => JSON.stringify(value)).join(', ')})`);
    return answer?.result;
  }
}

type Answer = (
  name: (typeof EXTERNAL_NAMES)[number],
  given: readonly (JsonValue | undefined)[],
) => JsonValue | undefined;

/** Each method with its arguments in the order that SQL has them. */
function portOf(answer: Answer): Required<ExternalFunctions> {
  return {
    awsLambda: (functionArn, input) => answer('aws_lambda', [functionArn, input]),
    getDynamodb: ({ tableName, partitionKey, sortKey, roleArn }) =>
      answer('get_dynamodb', [tableName, ...partitionKey, ...(sortKey ?? []), roleArn]),
    getThingShadow: (thingName, shadowName, roleArn) =>
      answer('get_thing_shadow', [thingName, shadowName, roleArn]),
    getSecret: ({ secretId, secretType, key, roleArn }) =>
      answer('get_secret', [secretId, secretType, key, roleArn]),
    getRegistryData: (operation, thingName, roleArn) =>
      answer('get_registry_data', [operation, thingName, roleArn]),
    machinelearningPredict: (modelId, roleArn, record) =>
      answer('machinelearning_predict', [modelId, roleArn, record]),
    decodeProtobuf: ({ base64, bucket, descriptor, file, messageType }) =>
      answer('decode', [base64, 'proto', bucket, descriptor, file, messageType]),
  };
}
