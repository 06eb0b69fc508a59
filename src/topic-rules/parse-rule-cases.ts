import { IOT_SQL_VERSIONS, type JsonObject, type JsonValue } from '../iot-sql/index.ts';
import { didYouMean } from '../sql/index.ts';
import { patternOf } from './json-difference.ts';
import { expectsNoFire, type RuleCase } from './rule-case.ts';
import { EXTERNAL_NAMES } from './stubbed-externals.ts';
import { TopicRuleError } from './topic-rule-error.ts';

/**
 * Reads a file of rule cases: a list of them, or a single one as AWS's validation tool has it.
 * @param file names the file in errors
 * @throws TopicRuleError with the file, the case's number from 1 and what is wrong with it
 */
export function parseRuleCases(text: string, file: string): readonly RuleCase[] {
  const json = parseJson(text, file);
  const cases = Array.isArray(json) ? (json as readonly JsonValue[]) : [json];
  return cases.map((each, at) => {
    const [problem] = caseProblems(each);
    if (problem === undefined) return each as unknown as RuleCase;
    throw new TopicRuleError(`Cannot read ${file}, case ${at + 1}: ${problem}`);
  });
}

function parseJson(text: string, file: string): JsonValue {
  try {
    return JSON.parse(text) as JsonValue;
  } catch (cause) {
    throw new TopicRuleError(`Cannot read ${file}: not JSON: ${(cause as Error).message}`, { cause });
  }
}

/** What is wrong with a value; undefined when nothing is. */
type Check = (value: JsonValue) => string | undefined;
type Members = Readonly<Record<string, Check>>;

const text: Check = (value) => (typeof value === 'string' ? undefined : 'is not a text');
const flag: Check = (value) => (typeof value === 'boolean' ? undefined : 'is not true or false');
const any: Check = () => undefined;

const matching =
  (pattern: RegExp, kind: string): Check =>
  (value) =>
    typeof value === 'string' && pattern.test(value) ? undefined : `is not ${kind}`;

const base64 = matching(/^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/, 'base64');

const listOf =
  (check: Check): Check =>
  (value) => {
    if (!Array.isArray(value)) return 'is not a list';
    const problems = (value as readonly JsonValue[]).map((each) => check(each));
    const at = problems.findIndex((problem) => problem !== undefined);
    return at < 0 ? undefined : `[${at}] ${problems[at]}`;
  };

const objectOf =
  (members: Members, required: readonly string[]): Check =>
  (value) =>
    isObject(value) ? memberProblems(value, members, required)[0] : 'is not an object';

const pair: Check = (value) =>
  Array.isArray(value) && value.length === 2 && value.every((each) => typeof each === 'string')
    ? undefined
    : 'is not a pair of texts';

/** The members of a case and what each must be. */
const CASE_MEMBERS: Members = {
  name: text,
  sqlVersion: (value) =>
    IOT_SQL_VERSIONS.some((version) => version === value)
      ? undefined
      : `is ${JSON.stringify(value)}, expected ${IOT_SQL_VERSIONS.map((version) => `"${version}"`).join(' or ')}`,
  topic: text,
  inputPayload: any,
  inputPayloadBase64: base64,
  inputPayloadHex: matching(/^(?:[0-9a-f]{2})*$/i, 'pairs of hexadecimal digits'),
  inputSql: text,
  expectedOutput: expectationProblem,
  expectedReason: text,
  clientId: text,
  timestampMillis: (value) => (Number.isSafeInteger(value) ? undefined : 'is not whole milliseconds'),
  principal: text,
  traceId: text,
  accountId: text,
  sourceIp: text,
  mqttProperties: objectOf(
    {
      contentType: text,
      payloadFormatIndicator: flag,
      responseTopic: text,
      correlationDataBase64: base64,
      userProperties: listOf(pair),
    },
    [],
  ),
  externals: listOf(
    objectOf(
      {
        function: (value) =>
          EXTERNAL_NAMES.some((name) => name === value)
            ? undefined
            : `is ${JSON.stringify(value)}, expected one of ${EXTERNAL_NAMES.join(', ')}`,
        arguments: listOf(any),
        result: any,
      },
      ['function', 'result'],
    ),
  ),
};

const PAYLOADS = ['inputPayload', 'inputPayloadBase64', 'inputPayloadHex'];

function caseProblems(value: JsonValue): readonly string[] {
  if (!isObject(value)) return ['not an object'];
  const payloads = PAYLOADS.filter((name) => Object.hasOwn(value, name));
  return [
    ...memberProblems(value, CASE_MEMBERS, ['topic', 'expectedOutput']),
    ...(payloads.length === 1
      ? []
      : [`has ${payloads.join(' and ') || 'no payload'}, expected one of ${PAYLOADS.join(', ')}`]),
    ...(value.expectedReason === undefined || expectsNoFire(value as unknown as RuleCase)
      ? []
      : ['expectedReason needs "expectedOutput": {"$no_fire": true}']),
  ];
}

function memberProblems(value: JsonObject, members: Members, required: readonly string[]): string[] {
  const names = Object.keys(members);
  const missing = required.filter((name) => !Object.hasOwn(value, name));
  return [
    ...Object.keys(value)
      .filter((name) => !names.includes(name))
      .map((name) => `unknown member ${JSON.stringify(name)}${didYouMean(name, names)}`),
    ...missing.map((name) => `${name} is missing`),
    ...Object.entries(value).flatMap(([name, member]) => {
      const problem = names.includes(name) ? members[name]!(member) : undefined;
      return problem === undefined ? [] : [`${name}${problem.startsWith('[') ? '' : ' '}${problem}`];
    }),
  ];
}

/** A whole expectation that is one member beginning with `$` has a meaning; a mistyped one must not pass for data. */
function expectationProblem(value: JsonValue): string | undefined {
  return markerProblem(value) ?? patternsProblem(value);
}

function patternsProblem(value: JsonValue): string | undefined {
  const pattern = patternOf(value);
  if (pattern !== undefined) return patternProblem(pattern);
  if (typeof value !== 'object' || value === null) return undefined;
  for (const member of Object.values(value) as readonly JsonValue[]) {
    const problem = patternsProblem(member);
    if (problem !== undefined) return problem;
  }
  return undefined;
}

const MARKERS: Members = {
  $no_fire: (value) => (value === true ? undefined : 'is not true'),
  $base64: base64,
  $pattern: text,
};

function markerProblem(value: JsonValue): string | undefined {
  const [name, ...others] = isObject(value) ? Object.keys(value) : [];
  if (name === undefined || others.length > 0 || !name.startsWith('$')) return undefined;
  const check = Object.hasOwn(MARKERS, name) ? MARKERS[name] : undefined;
  if (!check) return `has an unknown member ${JSON.stringify(name)}${didYouMean(name, Object.keys(MARKERS))}`;
  const problem = check((value as JsonObject)[name]!);
  return problem === undefined ? undefined : `.${name} ${problem}`;
}

function patternProblem(pattern: string): string | undefined {
  try {
    new RegExp(pattern, 'u');
    return undefined;
  } catch (error) {
    return `holds the pattern ${JSON.stringify(pattern)}: ${(error as Error).message}`;
  }
}

function isObject(value: JsonValue): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
