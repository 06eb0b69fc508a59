import {
  type CompiledRule,
  compileRule,
  type ExternalFunctions,
  type RuleMessage,
} from '../iot-sql/index.ts';
import type { RuleAction, TopicRuleResource } from '../stack/stack.ts';
import { actionProblems } from './check-action.ts';
import { CompiledAction } from './compile-action.ts';
import { TopicRuleError } from './topic-rule-error.ts';

/** A rule of the stack, ready to be given messages. */
export interface CompiledTopicRule {
  readonly name: string;
  readonly rule: CompiledRule;
  readonly actions: readonly CompiledAction[];
  readonly errorAction: CompiledAction | undefined;
}

export interface CompileTopicRuleOptions {
  /** The name that errors print for the rule's text, for example `rules/telemetry.sql`. */
  readonly file?: string | undefined;
  /** The services that functions such as `aws_lambda` reach. */
  readonly external?: ExternalFunctions | undefined;
}

/** AWS IoT Core quotas, rules engine: actions of one rule; and its name (AWS IoT API reference, CreateTopicRule). */
const MAX_ACTIONS = 10;
const RULE_NAME = /^[a-zA-Z0-9_]{1,128}$/;

/**
 * Compiles a rule of the stack with its actions.
 * @throws IotSqlError at the place in the SQL or in a template
 * @throws TopicRuleError that names every member of an action that is wrong
 */
export function compileTopicRule(
  resource: TopicRuleResource,
  { file = `rule '${resource.name}'`, external }: CompileTopicRuleOptions = {},
): CompiledTopicRule {
  const { name, sql, sqlVersion, actions, errorAction } = resource;
  const problems = [
    ...nameProblems(resource),
    ...[...actions, ...(errorAction ? [errorAction] : [])].flatMap(actionProblems),
  ];
  if (problems.length > 0) throw new TopicRuleError(`Cannot use rule '${name}': ${problems.join('; ')}`);
  const rule = compileRule(sql, { version: sqlVersion, file, ruleName: name, external });
  const compile = (action: RuleAction, isErrorAction: boolean): CompiledAction =>
    new CompiledAction(action, (text) =>
      rule.compileTemplate(text, { file: `${action.kind} action of rule '${name}'`, isErrorAction }),
    );
  return {
    name,
    rule,
    actions: actions.map((action) => compile(action, false)),
    errorAction: errorAction && compile(errorAction, true),
  };
}

function nameProblems({ name, actions }: TopicRuleResource): string[] {
  return [
    ...(RULE_NAME.test(name) ? [] : ['its name may have letters, digits and _ only, at most 128']),
    ...(actions.length > MAX_ACTIONS ? [`it has ${actions.length} actions, at most ${MAX_ACTIONS}`] : []),
  ];
}

/** Must a message be given to `resolveExternal` before the rule and its actions can be evaluated? */
export function isExternalRule({ rule, actions }: CompiledTopicRule): boolean {
  return rule.isExternal || actions.some((action) => action.isExternal);
}

/** Makes the calls to other services that the rule and its actions need for a message, and waits for them. */
export async function resolveExternal(
  { rule, actions }: CompiledTopicRule,
  message: RuleMessage,
): Promise<void> {
  do {
    if (rule.evaluate(message).fired) for (const action of actions) action.resolve(message);
  } while (await message.externalCalls.settle());
}
