import { didYouMean, type Source } from '../sql/index.ts';
import { CAST_TYPES } from './cast.ts';
import type { IotSqlVersion } from './dialect.ts';
import type { ExternalFunctions } from './external-functions.ts';
import { EXTERNAL_METHODS, isExternalCall } from './functions/external.ts';
import type { FunctionSpec } from './functions/function-spec.ts';
import { FUNCTIONS, findFunction } from './functions/function-table.ts';
import { IotSqlError } from './iot-sql-error.ts';
import { compileRegexp, javaOnlyFeature } from './linear-regexp.ts';
import type { CallNode, ExpressionNode, Extent, StatementNode } from './nodes.ts';
import { printExpression } from './printer.ts';
import { explainRefusedFunction } from './refusals.ts';
import { topicFilterProblem } from './topic-filter.ts';
import { someOfExpression, walkExpression, walkStatement } from './walk.ts';

/** AWS: bounds of the SET clause (AWS IoT developer guide, iot-sql-set). */
const MAX_VARIABLES = 10;
const MAX_VARIABLE_NAME_LENGTH = 64;

/** Something that AWS accepts but that hardly does what its author wants. */
export interface RuleWarning {
  readonly line: number;
  readonly column: number;
  readonly reason: string;
}

export interface CheckContext {
  readonly source: Source;
  readonly version: IotSqlVersion;
  readonly external: ExternalFunctions | undefined;
  /** The variables an expression may use, in the order they are assigned. */
  readonly variables: readonly string[];
}

/**
 * Checks everything about a rule that can be known before the first message.
 * @throws IotSqlError at the first thing that is wrong
 */
export function checkStatement(
  statement: StatementNode,
  context: Omit<CheckContext, 'variables'>,
): RuleWarning[] {
  const checker = new Checker({ ...context, variables: [] });
  checker.checkStatement(statement);
  return checker.warnings;
}

/** The same for an expression that stands alone, as in a template. @throws IotSqlError */
export function checkExpression(expression: ExpressionNode, context: CheckContext): RuleWarning[] {
  const checker = new Checker(context);
  walkExpression(expression, (node) => checker.checkNode(node));
  return checker.warnings;
}

class Checker {
  readonly warnings: RuleWarning[] = [];
  readonly #context: CheckContext;
  readonly #variables: string[];
  readonly #randomVariables = new Set<string>();
  readonly #calls = new Map<string, number>();

  constructor(context: CheckContext) {
    this.#context = context;
    this.#variables = [...context.variables];
  }

  checkStatement(statement: StatementNode): void {
    for (const assignment of statement.set) {
      walkExpression(assignment.expression, (node) => this.checkNode(node));
      this.#assign(assignment.name, assignment);
      if (someOfExpression(assignment.expression, (node) => this.#isRandom(node)))
        this.#randomVariables.add(assignment.name);
    }
    this.#checkFilter(statement);
    walkStatement({ ...statement, set: [] }, (node) => this.checkNode(node));
    this.#warnOfUnnamedItems(statement);
  }

  checkNode(node: ExpressionNode): void {
    switch (node.kind) {
      case 'call':
        this.#checkCall(node);
        break;
      case 'variable':
        this.#checkVariable(node.name, node);
        break;
      case 'array':
        this.#require2016('An array literal', node);
        break;
      case 'object':
        this.#require2016('An object literal', node);
        break;
      case 'subquery':
        this.#require2016('A nested SELECT', node);
        break;
      default:
    }
  }

  #assign(name: string, node: Extent): void {
    if (this.#variables.includes(name))
      this.#fail(node, `Variable @${name} is assigned twice, assign it once`);
    if (name.length > MAX_VARIABLE_NAME_LENGTH) {
      this.#fail(
        node,
        `Variable name has ${name.length} characters, the limit is ${MAX_VARIABLE_NAME_LENGTH}`,
      );
    }
    if (!/^[A-Za-z0-9_]+$/.test(name)) {
      this.#fail(node, `Variable name "${name}" may hold only letters, digits and underscores`);
    }
    this.#variables.push(name);
    if (this.#variables.length > MAX_VARIABLES)
      this.#fail(node, `SET assigns more than ${MAX_VARIABLES} variables`);
  }

  #checkVariable(name: string, node: Extent): void {
    if (this.#variables.includes(name)) return;
    this.#fail(node, `Unknown variable @${name}${didYouMean(name, this.#variables)}`);
  }

  #checkFilter(statement: StatementNode): void {
    if (statement.from === undefined) return;
    const problem = topicFilterProblem(statement.from.filter);
    if (problem === undefined) return;
    const start = statement.from.start + 1 + problem.offset;
    this.#fail({ start, end: start }, problem.reason);
  }

  #checkCall(call: CallNode): void {
    const spec = findFunction(call.name);
    if (spec === undefined) {
      const suggestion = didYouMean(call.name, Object.keys(FUNCTIONS));
      this.#fail(call, explainRefusedFunction(call.name) ?? `Unknown function "${call.name}"${suggestion}`);
    }
    if (spec.since !== undefined) this.#require2016(`Function "${call.name}"`, call);
    if (call.castType !== undefined) this.#checkCast(call.castType, call);
    this.#checkArity(call, spec);
    this.#checkFixedArguments(call, spec);
    this.#checkPattern(call);
    this.#checkExternal(call);
    this.#countCall(call, spec);
  }

  #checkCast(name: string, call: CallNode): void {
    if (!Object.hasOwn(CAST_TYPES, name)) {
      this.#fail(call, `Unknown type "${name}" in cast${didYouMean(name, Object.keys(CAST_TYPES))}`);
    }
    if (CAST_TYPES[name]!.since !== undefined) this.#require2016(`A cast to ${name}`, call);
  }

  #checkArity(call: CallNode, spec: FunctionSpec): void {
    const count = call.arguments.length;
    if (count >= spec.minArguments && count <= spec.maxArguments) return;
    this.#warn(
      call,
      `Function "${call.name}" is always Undefined with ${count} arguments, it takes ${arity(spec)}`,
    );
  }

  /** AWS IoT developer guide, iot-sql-set: variables cannot stand for role ARNs and mode switches. */
  #checkFixedArguments(call: CallNode, spec: FunctionSpec): void {
    for (const position of spec.fixedArguments ?? []) {
      const argument = call.arguments.at(position);
      if (argument?.kind === 'variable')
        this.#fail(argument, `This argument of "${call.name}" may not be a variable`);
    }
  }

  /** A pattern that Java runs and the linear-time engine does not must not turn into Undefined unseen. */
  #checkPattern(call: CallNode): void {
    const pattern = call.arguments[1];
    if (!call.name.startsWith('regexp_') || pattern?.kind !== 'literal' || typeof pattern.value !== 'string')
      return;
    if (compileRegexp(pattern.value) !== undefined) return;
    const feature = javaOnlyFeature(pattern.value);
    if (feature !== undefined) this.#fail(pattern, `Pattern uses ${feature}, which is not supported`);
    this.#warn(pattern, `Pattern ${pattern.value} is no regular expression, the result is always Undefined`);
  }

  #checkExternal(call: CallNode): void {
    if (!isExternalCall(call)) return;
    if (call.arguments.some((argument) => someOfExpression(argument, (node) => this.#isRandom(node))))
      this.#fail(call, `The arguments of "${call.name}" use newuuid() or rand(), which is not supported`);
    const method = EXTERNAL_METHODS[call.name]!;
    if (this.#context.external?.[method] !== undefined) return;
    const what = call.name === 'decode' ? 'decode(…, "proto", …)' : call.name;
    this.#fail(
      call,
      `Function "${what}" needs a service that is not available here, no "${method}" port is given`,
    );
  }

  /** A result is found again by the arguments it was asked for with, so these must not change. */
  #isRandom(node: ExpressionNode): boolean {
    if (node.kind === 'variable') return this.#randomVariables.has(node.name);
    return node.kind === 'call' && RANDOM_FUNCTIONS.has(node.name);
  }

  #countCall(call: CallNode, spec: FunctionSpec): void {
    const count = (this.#calls.get(call.name) ?? 0) + 1;
    this.#calls.set(call.name, count);
    if (spec.maxCalls !== undefined && count > spec.maxCalls) {
      this.#fail(call, `Function "${call.name}" may be called only once in a statement`);
    }
  }

  /** How AWS names such items is not documented, so a rule should not depend on it. */
  #warnOfUnnamedItems(statement: StatementNode): void {
    if (statement.select.kind !== 'items') return;
    for (const item of statement.select.items) {
      if (item.kind !== 'value' || item.alias !== undefined || hasOwnName(item.expression)) continue;
      this.#warn(item, `Item ${printExpression(item.expression)} has no alias, name it with AS`);
    }
  }

  #require2016(what: string, node: Extent): void {
    if (this.#context.version === '2016-03-23') return;
    this.#fail(node, `${what} needs AWS IoT SQL version 2016-03-23, this rule has ${this.#context.version}`);
  }

  #warn(node: Extent, reason: string): void {
    this.warnings.push({ ...this.#context.source.locate(node.start), reason });
  }

  #fail(node: Extent, reason: string): never {
    throw new IotSqlError(this.#context.source, node.start, reason);
  }
}

const RANDOM_FUNCTIONS: ReadonlySet<string> = new Set(['newuuid', 'rand']);

function hasOwnName(expression: ExpressionNode): boolean {
  return expression.kind === 'attribute' || expression.kind === 'member';
}

function arity({ minArguments, maxArguments }: FunctionSpec): string {
  if (minArguments === maxArguments) return String(minArguments);
  return maxArguments === Number.POSITIVE_INFINITY
    ? `${minArguments} or more`
    : `${minArguments} to ${maxArguments}`;
}
