import {
  type BranchTaken,
  type CompiledRule,
  compileRule,
  createMessage,
  IotSqlError,
  type JsonValue,
  type MessageInput,
} from '../iot-sql/index.ts';
import { type JsonDifference, jsonDifferences } from './json-difference.ts';
import { expectedBase64, expectsNoFire, type RuleCase } from './rule-case.ts';
import { StubbedExternals } from './stubbed-externals.ts';

/** What came of one case. */
export interface CaseResult {
  /** The case's name, or its place in the file. */
  readonly name: string;
  /** Its place in the file, from 1. */
  readonly number: number;
  readonly passed: boolean;
  readonly durationMillis: number;
  /** Where the output differs from the expected one. */
  readonly differences: readonly JsonDifference[];
  /** What else is wrong, one sentence each. */
  readonly problems: readonly string[];
  /** The branches of the rule's own SQL that the message took; empty for a case with `inputSql`. */
  readonly taken: readonly BranchTaken[];
}

/** The rule that cases are about. */
export interface RuleUnderTest {
  readonly name: string;
  /** Named in errors. */
  readonly file: string;
  /** Undefined when there is no such file; then every case needs `inputSql`. */
  readonly sql: string | undefined;
}

/** Runs one case. Never throws: a rule that does not compile is a problem of the case. */
export async function runRuleCase(rule: RuleUnderTest, ruleCase: RuleCase, at: number): Promise<CaseResult> {
  const start = performance.now();
  const found = await outcomeOf(rule, ruleCase);
  return {
    name: ruleCase.name ?? `case ${at + 1}`,
    number: at + 1,
    passed: found.differences.length === 0 && found.problems.length === 0,
    durationMillis: performance.now() - start,
    ...found,
  };
}

type Outcome = Pick<CaseResult, 'differences' | 'problems' | 'taken'>;

async function outcomeOf(rule: RuleUnderTest, ruleCase: RuleCase): Promise<Outcome> {
  const externals = new StubbedExternals(ruleCase.externals);
  try {
    const compiled = compileCase(rule, ruleCase, externals);
    const message = createMessage(messageOf(ruleCase));
    await compiled.resolveExternal(message);
    const reason = compiled.explain(message).reason;
    const compared = compare(ruleCase, compiled.evaluateText(message), reason);
    return {
      ...compared,
      problems: [...compared.problems, ...externals.unanswered.map(unansweredProblem)],
      taken: ruleCase.inputSql === undefined ? compiled.branchesTaken(message) : [],
    };
  } catch (error) {
    if (!(error instanceof IotSqlError)) throw error;
    return { differences: [], problems: [error.message], taken: [] };
  }
}

function unansweredProblem(call: string): string {
  return `no answer in "externals" for ${call}`;
}

function compileCase(rule: RuleUnderTest, ruleCase: RuleCase, externals: StubbedExternals): CompiledRule {
  const { inputSql, sqlVersion } = ruleCase;
  return compileRule(inputSql ?? rule.sql ?? '', {
    version: sqlVersion,
    file: inputSql === undefined ? rule.file : 'inputSql',
    ruleName: rule.name,
    external: externals.port,
  });
}

function messageOf(ruleCase: RuleCase): MessageInput {
  const { topic, clientId, timestampMillis, principal, traceId, accountId, sourceIp } = ruleCase;
  const { correlationDataBase64, ...properties } = ruleCase.mqttProperties ?? {};
  return {
    topic,
    payload: payloadOf(ruleCase),
    clientId,
    timestampMillis,
    principal,
    traceId,
    accountId,
    sourceIp,
    mqttProperties: ruleCase.mqttProperties && {
      ...properties,
      ...(correlationDataBase64 !== undefined && {
        correlationData: Buffer.from(correlationDataBase64, 'base64'),
      }),
    },
  };
}

/** The bytes that a case publishes. */
function payloadOf({ inputPayload, inputPayloadBase64, inputPayloadHex }: RuleCase): Uint8Array {
  if (inputPayloadBase64 !== undefined) return Buffer.from(inputPayloadBase64, 'base64');
  if (inputPayloadHex !== undefined) return Buffer.from(inputPayloadHex, 'hex');
  return Buffer.from(typeof inputPayload === 'string' ? inputPayload : JSON.stringify(inputPayload));
}

type Compared = Pick<Outcome, 'differences' | 'problems'>;

const SAME: Compared = { differences: [], problems: [] };

function compare(
  ruleCase: RuleCase,
  output: string | Uint8Array | undefined,
  reason: string | undefined,
): Compared {
  if (expectsNoFire(ruleCase)) return compareNoFire(ruleCase.expectedReason, output, reason);
  if (output === undefined) return { differences: [], problems: [`the rule does not fire: ${reason}`] };
  const base64 = expectedBase64(ruleCase);
  if (base64 !== undefined) return same(base64, Buffer.from(output).toString('base64'));
  const text = typeof output === 'string' ? output : Buffer.from(output).toString();
  return compareOutput(ruleCase.expectedOutput, text);
}

function compareNoFire(
  expectedReason: string | undefined,
  output: string | Uint8Array | undefined,
  reason = '',
): Compared {
  if (output !== undefined)
    return { differences: [], problems: [`the rule fires, with ${Buffer.from(output)}`] };
  if (expectedReason === undefined || reason.includes(expectedReason)) return SAME;
  return {
    differences: [],
    problems: [`the rule does not fire because ${reason}, expected a reason with ${expectedReason}`],
  };
}

/** A text is the output as it stands, as in AWS's tool; or, as people write it too, the text that the output is in JSON. */
function compareOutput(expected: JsonValue, text: string): Compared {
  if (expected === text) return SAME;
  const actual = parseIfJson(text);
  if (typeof expected === 'string' && typeof actual !== 'string') return same(expected, text);
  if (actual !== undefined) return { differences: jsonDifferences(expected, actual), problems: [] };
  return {
    differences: [],
    problems: [`the output is not JSON: ${JSON.stringify(text)}, expected ${JSON.stringify(expected)}`],
  };
}

function same(expected: string, actual: string): Compared {
  return { differences: jsonDifferences(expected, actual), problems: [] };
}

function parseIfJson(text: string): JsonValue | undefined {
  try {
    return JSON.parse(text) as JsonValue;
  } catch {
    return undefined;
  }
}
