import fc from 'fast-check';
import type { BinaryOperator, ExpressionNode, SelectNode, StatementNode } from '../../src/iot-sql/nodes.ts';

/** Generated nodes have no place in a text. */
const NOWHERE = { start: 0, end: 0 };

const names = fc.constantFrom(
  'a',
  'b',
  'list',
  'object',
  'value',
  'missing',
  'constructor',
  '__proto__',
  'row',
);

const OPERATORS: readonly BinaryOperator[] = [
  'OR',
  'AND',
  '=',
  '<>',
  '<',
  '<=',
  '>',
  '>=',
  'IN',
  '+',
  '-',
  '*',
  '/',
  '%',
];

const numbers = fc
  .constantFrom('0', '1', '2', '7', '10', '2.5', '0.125', '1E3', '10.0')
  .map((digits): ExpressionNode => ({ kind: 'literal', value: Number(digits), digits, ...NOWHERE }));

const constants = fc
  .constantFrom<string | boolean | null>('', 'x', '12', '-1.5', 'TRUE', 'false', "it's", true, false, null)
  .map((value): ExpressionNode => ({ kind: 'literal', value, digits: undefined, ...NOWHERE }));

/** Payloads small enough that every result is exact in the naive interpreter too. */
export const payloads = fc.record(
  {
    a: fc.oneof(fc.integer({ min: -50, max: 50 }), fc.constantFrom('7', 'true', null, 2.5, true)),
    b: fc.oneof(fc.integer({ min: -50, max: 50 }), fc.constantFrom('x', false, 0.5)),
    list: fc.array(
      fc.oneof(fc.integer({ min: 0, max: 9 }), fc.record({ a: fc.integer({ min: 0, max: 3 }) })),
      { maxLength: 3 },
    ),
    object: fc.record({ a: fc.constantFrom(1, 'one', null), b: fc.array(fc.nat(3), { maxLength: 2 }) }),
    value: fc.constantFrom(3, 'v', [1, 2]),
  },
  { requiredKeys: [] },
);

const attributes = names.map((name): ExpressionNode => ({ kind: 'attribute', name, ...NOWHERE }));

/** The variable that every generated rule assigns. */
const VARIABLE = 'x';

const variable = fc.constant<ExpressionNode>({ kind: 'variable', name: VARIABLE, ...NOWHERE });

/** Two small numbers and an operator between them: most random operands would only give Undefined. */
const calculations = fc
  .record({
    operator: fc.constantFrom(...OPERATORS.slice(2)),
    left: fc.oneof(numbers, fc.constantFrom('a', 'b').map(attributeNamed)),
    right: fc.oneof(numbers, fc.constantFrom('a', 'b', 'list').map(attributeNamed)),
  })
  .map((parts): ExpressionNode => ({ kind: 'binary', ...parts, ...NOWHERE }));

function attributeNamed(name: string): ExpressionNode {
  return { kind: 'attribute', name, ...NOWHERE };
}

function expressions(leaf: fc.Arbitrary<ExpressionNode>): fc.Arbitrary<ExpressionNode> {
  const { expression } = fc.letrec<{ expression: ExpressionNode }>((tie) => ({
    expression: fc.oneof(
      { maxDepth: 4, depthSize: 'small' },
      leaf,
      calculations,
      fc
        .record({
          operator: fc.constantFrom(...OPERATORS),
          left: tie('expression'),
          right: tie('expression'),
        })
        .map((parts): ExpressionNode => ({ kind: 'binary', ...parts, ...NOWHERE })),
      fc
        .record({ operator: fc.constantFrom('NOT', '-'), operand: tie('expression') })
        .map((parts): ExpressionNode => ({ kind: 'unary', ...parts, ...NOWHERE })),
      fc
        .record({ base: tie('expression'), name: names })
        .map((parts): ExpressionNode => ({ kind: 'member', ...parts, ...NOWHERE })),
      fc
        .record({ base: tie('expression'), index: tie('expression') })
        .map((parts): ExpressionNode => ({ kind: 'index', ...parts, ...NOWHERE })),
      fc
        .array(tie('expression'), { maxLength: 3 })
        .map((elements): ExpressionNode => ({ kind: 'array', elements, ...NOWHERE })),
      fc
        .array(fc.record({ key: fc.constantFrom('a', 'b', '__proto__', "k'"), value: tie('expression') }), {
          maxLength: 2,
        })
        .map((entries): ExpressionNode => ({ kind: 'object', entries, ...NOWHERE })),
      calls(tie('expression')),
      cases(tie('expression')),
      subqueries(tie('expression')),
      subqueries(tie('expression')).map(
        (query): ExpressionNode =>
          query.kind === 'subquery' ? { kind: 'exists', query, ...NOWHERE } : query,
      ),
    ),
  }));
  return expression;
}

function calls(child: fc.Arbitrary<ExpressionNode>): fc.Arbitrary<ExpressionNode> {
  const create =
    (name: string, castType?: string) =>
    (given: readonly ExpressionNode[]): ExpressionNode => ({
      kind: 'call',
      name,
      arguments: given,
      castType,
      ...NOWHERE,
    });
  const ofOne = (name: string, castType?: string) => fc.tuple(child).map(create(name, castType));
  const ofTwo = (name: string) => fc.tuple(child, child).map(create(name));
  return fc.oneof(
    ...['isundefined', 'isnull', 'upper', 'length', 'floor'].map((name) => ofOne(name)),
    ...['STRING', 'INT', 'DECIMAL', 'BOOLEAN'].map((type) => ofOne('cast', type)),
    ofTwo('get'),
    ofTwo('nanvl'),
    fc.constant(create('topic')([])),
    fc.tuple(numbers).map(create('topic')),
  );
}

function cases(child: fc.Arbitrary<ExpressionNode>): fc.Arbitrary<ExpressionNode> {
  const branches = fc.array(fc.record({ match: child, result: child }), { minLength: 1, maxLength: 2 });
  return fc
    .record({ subject: child, branches, otherwise: fc.option(child, { nil: undefined }) })
    .map((parts): ExpressionNode => ({ kind: 'case', ...parts, ...NOWHERE }));
}

function subqueries(child: fc.Arbitrary<ExpressionNode>): fc.Arbitrary<ExpressionNode> {
  return fc
    .record({
      select: selects(child),
      from: child,
      alias: fc.option(fc.constant('row'), { nil: undefined }),
      where: fc.option(child, { nil: undefined }),
    })
    .map((parts): ExpressionNode => ({ kind: 'subquery', ...parts, ...NOWHERE }));
}

/** Every value item has an alias: the names of the others are nowhere defined. */
function selects(child: fc.Arbitrary<ExpressionNode>): fc.Arbitrary<SelectNode> {
  const items = fc.array(
    fc.oneof(
      fc.constant({ kind: 'star' as const, ...NOWHERE }),
      fc
        .record({ expression: child, alias: names.map((name) => [name]) })
        .map((parts) => ({ kind: 'value' as const, ...parts, ...NOWHERE })),
      child.map((inner) => ({ kind: 'spread' as const, expression: inner, ...NOWHERE })),
    ),
    { minLength: 1, maxLength: 3 },
  );
  return fc.oneof(
    items.map((list): SelectNode => ({ kind: 'items', items: list })),
    child.map((inner): SelectNode => ({ kind: 'value', expression: inner })),
  );
}

const payload = fc.constant<ExpressionNode>({ kind: 'payload', ...NOWHERE });
const leaves = fc.oneof(
  { weight: 4, arbitrary: fc.oneof(numbers, constants, attributes) },
  { weight: 1, arbitrary: payload },
);
const whole = expressions(fc.oneof(leaves, variable));

/** Whole rules over a small set of names, so that their parts have something to do with the payloads. */
export const statements: fc.Arbitrary<StatementNode> = fc
  .record({
    set: expressions(leaves).map((value) => [
      { kind: 'assignment' as const, name: VARIABLE, expression: value, ...NOWHERE },
    ]),
    select: selects(whole),
    where: fc.option(fc.oneof(whole, calculations), { nil: undefined }),
  })
  .map((parts) => ({
    kind: 'statement',
    from: { kind: 'topicFilter', filter: 'a/#', ...NOWHERE },
    ...parts,
    ...NOWHERE,
  }));
