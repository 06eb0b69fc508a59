import type {
  ExplainedCondition,
  ExplainedItem,
  ExplainedOperand,
  JsonValue,
  RuleMessage,
} from '../../iot-sql/index.ts';
import type { Properties } from '../../stack/template.ts';
import type { ResolvedAction } from '../../topic-rules/compile-action.ts';
import type { CompiledTopicRule } from '../../topic-rules/compile-topic-rule.ts';
import type { TopicRuleExplanation } from '../../topic-rules/explain-topic-rule.ts';
import { printTable } from '../print-table.ts';

/** A rule, a message, and what the one makes of the other. */
export interface ExplainedMessage {
  readonly explanation: TopicRuleExplanation;
  readonly topicRule: CompiledTopicRule;
  /** The file of the rule's text, when there is one. */
  readonly file: string | undefined;
  readonly message: RuleMessage;
  /** Calls to other services, which are not made here. */
  readonly notCalled: readonly string[];
}

/** Longer values are cut; `--json` has them whole. */
const MAX_VALUE_LENGTH = 120;

/** The explanation of one message, for people. */
export function printExplanation(explained: ExplainedMessage): string {
  const { explanation, topicRule, file, notCalled } = explained;
  const { set, where, select, actions, warnings } = { ...explanation, ...topicRule.rule };
  const sections = [
    `rule ${topicRule.name}${file === undefined ? '' : ` (${file})`}, version ${topicRule.rule.version}`,
    printTable(messageRows(explained)),
    section('SET', set.map(itemRow)),
    section('WHERE', where.flatMap(conditionRows)),
    section('SELECT', select.map(itemRow)),
    printVerdict(explanation),
    ...actions.map(printAction),
    section(
      'Not called here, so Undefined',
      notCalled.map((call) => [call]),
    ),
    section(
      'Warnings',
      warnings.map(({ line, column, reason }) => [`${line}:${column}`, reason]),
    ),
  ];
  return `${sections.filter((each) => each !== '').join('\n\n')}\n`;
}

/** The same as data. Bytes that are no JSON are given in base64. */
export function explanationJson({ explanation, topicRule, file, notCalled }: ExplainedMessage): object {
  const { output, ...rest } = explanation;
  return {
    ...rest,
    ...(output instanceof Uint8Array
      ? { outputBase64: Buffer.from(output).toString('base64') }
      : { output: parseOutput(output) }),
    ...(file !== undefined && { file }),
    sqlVersion: topicRule.rule.version,
    notCalled,
    warnings: topicRule.rule.warnings,
  };
}

function parseOutput(output: string | undefined): JsonValue | undefined {
  return output === undefined || output === '' ? undefined : (JSON.parse(output) as JsonValue);
}

function messageRows({ explanation, message }: ExplainedMessage): string[][] {
  const { name, filter, matches } = explanation.topic;
  const match =
    filter === undefined
      ? 'no FROM, reached by Basic Ingest'
      : `${matches ? 'matches' : 'does not match'} '${filter}'`;
  const problem = explanation.payloadProblem;
  const { clientId } = message.input;
  return [
    ['topic', `${tick(matches)} ${plain(name)}`, match],
    ['payload', `${tick(problem === undefined)} ${message.payload.length} bytes`, problem ?? 'JSON'],
    ...(clientId === undefined ? [] : [['client', `  ${plain(clientId)}`]]),
  ];
}

function section(title: string, rows: readonly (readonly string[])[]): string {
  return rows.length === 0 ? '' : `${title}\n${indent(printTable(rows))}`;
}

function itemRow({ name, source, text }: ExplainedItem): string[] {
  return [name, source === name ? '' : source, cut(text)];
}

function printVerdict({ fired, reason, output, actions }: TopicRuleExplanation): string {
  if (!fired) return `does not fire: ${reason}`;
  const what =
    output instanceof Uint8Array ? `${output.length} bytes as they came` : output || 'nothing (Undefined)';
  const count =
    actions.length === 0 ? '' : `, ${actions.length} ${actions.length === 1 ? 'action' : 'actions'}`;
  return `fires${count}, with\n${indent(what)}`;
}

function printAction({ kind, members, missing }: ResolvedAction): string {
  const rows = [
    ...membersOf(members, '').map(([name, value]) => [name, plain(value)]),
    ...missing.map((part) => [`✗ \${${part}}`, 'has no text for this message']),
  ];
  return section(`action ${kind}`, rows);
}

/** Members at any depth, with their paths. */
function membersOf(value: unknown, path: string): [path: string, text: string][] {
  if (typeof value !== 'object' || value === null) return [[path, String(value)]];
  const isList = Array.isArray(value);
  return Object.entries(value as Properties).flatMap(([name, member]) =>
    membersOf(member, isList ? `${path}[${name}]` : path === '' ? name : `${path}.${name}`),
  );
}

/** A condition, and below it what it is made of where that says more: when it joins others, or is not true. */
function conditionRows({ source, text, isTrue, parts }: ExplainedCondition): string[][] {
  const isJunction = parts.length > 1 && parts.every(({ value }) => typeof value === 'boolean');
  return [
    [`${tick(isTrue)} ${source}`, cut(text)],
    ...(isTrue && !isJunction ? [] : parts.flatMap((part) => operandRows(part, '    '))),
  ];
}

function operandRows({ source, text, parts }: ExplainedOperand, indentation: string): string[][] {
  return [
    [`${indentation}${source}`, cut(text)],
    ...parts.flatMap((part) => operandRows(part, `${indentation}  `)),
  ];
}

function tick(isTrue: boolean): string {
  return isTrue ? '✓' : '✗';
}

function cut(text: string): string {
  return text.length <= MAX_VALUE_LENGTH ? text : `${text.slice(0, MAX_VALUE_LENGTH)}…`;
}

/** A text as it is, unless it holds what would move a terminal's cursor. */
function plain(text: string): string {
  return /[\p{Cc}\p{Cf}]/u.test(text) ? JSON.stringify(text) : text;
}

function indent(text: string): string {
  return text.replace(/^(?=.)/gm, '  ');
}
