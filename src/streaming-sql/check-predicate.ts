import { call, checkExpression, compare, type Environment } from './check-expression.ts';
import { regexProblem, translateSimilar } from './literal-pattern.ts';
import type { Expression } from './plan.ts';
import { boolean, familyOf, printType } from './sql-type.ts';
import type { SyntaxExpression } from './syntax.ts';

type TestNode = Extract<SyntaxExpression, { kind: 'between' | 'in' | 'like' | 'is' | 'isDistinct' }>;

/** BETWEEN, IN, LIKE, SIMILAR TO, IS … and IS DISTINCT FROM (SQL reference, "Condition Clause"). */
export function checkTest(node: TestNode, env: Environment): Expression {
  const { checker } = env;
  if (node.kind === 'isDistinct') {
    const sides = [checkExpression(node.left, env), checkExpression(node.right, env)] as const;
    compare('=', sides[0], sides[1], node.start, checker);
    return call('IS_DISTINCT', sides, boolean);
  }
  const operand = checkExpression(node.operand, env);
  if (node.kind === 'is') return call(`IS_${node.test}`, [operand], boolean);
  if (node.kind === 'between') {
    const [low, high] = [checkExpression(node.low, env), checkExpression(node.high, env)];
    const between = (from: Expression, to: Expression) =>
      call(
        'AND',
        [compare('>=', operand, from, node.start, checker), compare('<=', operand, to, node.start, checker)],
        boolean,
      );
    return node.symmetric
      ? call('OR', [between(low, high), between(high, low)], boolean)
      : between(low, high);
  }
  if (node.kind === 'in') {
    const list = node.list.map((item) => checkExpression(item, env));
    for (const item of list) compare('=', operand, item, node.start, checker);
    return call('IN', [operand, ...list], boolean);
  }
  return checkLike(node, operand, env);
}

function checkLike(
  node: SyntaxExpression & { kind: 'like' },
  operand: Expression,
  env: Environment,
): Expression {
  const pattern = checkExpression(node.pattern, env);
  const escape_ = node.escape === null ? [] : [checkExpression(node.escape, env)];
  for (const { type } of [operand, pattern, ...escape_]) {
    if (!['character', 'null'].includes(familyOf(type))) {
      env.checker.fail(
        node.start,
        `${node.similar ? 'SIMILAR TO' : 'LIKE'} needs text, found ${printType(type)}`,
      );
    }
  }
  if (pattern.kind !== 'literal')
    env.checker.fail(node.pattern.start, 'A pattern must be a literal, other patterns are not supported');
  checkPatternText(node, [pattern, ...escape_], env);
  return call(node.similar ? 'SIMILAR' : 'LIKE', [operand, pattern, ...escape_], boolean);
}

function checkPatternText(
  node: SyntaxExpression & { kind: 'like' },
  [pattern, escapeLiteral]: readonly (Expression | undefined)[],
  env: Environment,
): void {
  const escapeText = escapeLiteral?.kind === 'literal' ? String(escapeLiteral.value) : null;
  if (escapeLiteral !== undefined && escapeText?.length !== 1) {
    env.checker.fail(node.escape?.start ?? node.start, "ESCAPE must be one character, write ESCAPE '!'");
  }
  if (!node.similar || pattern?.kind !== 'literal') return;
  const problem = regexProblem(translateSimilar(String(pattern.value), escapeText));
  if (problem !== null)
    env.checker.fail(node.pattern.start, `Pattern '${pattern.value}' is not supported: ${problem}`);
}
