import { isAggregate } from './aggregate-names.ts';
import { checkAggregate, planAggregate } from './check-aggregate.ts';
import { checkExpression, type Environment } from './check-expression.ts';
import type { CheckedFrom } from './check-from.ts';
import type { Checker } from './checker.ts';
import type { AggregateCall, Expression, Operator, TumblingWindow } from './plan.ts';
import { RowExtension } from './row-extension.ts';
import type { Select, SyntaxExpression } from './syntax.ts';
import { approximateWidth, readWindowTerm, termAtStart } from './window-term.ts';

/** A grouped query in the making: an environment for what stands above GROUP BY, and the operator once all is known. */
export interface Grouping {
  readonly env: Environment;
  readonly finish: () => Operator;
  readonly window: TumblingWindow | null;
}

interface GroupTerms {
  readonly window: TumblingWindow;
  /** Terms whose value is the window start. */
  readonly windowTerms: readonly string[];
  readonly keys: readonly Expression[];
}

/**
 * GROUP BY over a stream: exactly the terms the service took, one of them monotonic in ROWTIME (SQL reference,
 * "GROUP BY clause"). The row above it is: keys, window start, aggregates.
 */
export function checkGroupBy(select: Select, from: CheckedFrom, env: Environment): Grouping {
  const { checker } = env;
  const terms = splitTerms(select.groupBy, env);
  const start = select.groupBy[0]?.start ?? select.start;
  if (terms === null) {
    return checker.fail(
      start,
      "GROUP BY needs a term that grows with ROWTIME, add for example STEP(s.ROWTIME BY INTERVAL '60' SECOND)",
    );
  }
  const grouping = groupedEnvironment(
    terms.keys,
    terms.windowTerms,
    env,
    from,
    (input, keys, aggregates) => ({
      kind: 'tumblingAggregate',
      input,
      window: terms.window,
      keys,
      aggregates,
    }),
  );
  return { ...grouping, window: terms.window };
}

/** WINDOWED BY STAGGER: the GROUP BY terms are plain keys; PARTITION BY must name the same ones. */
export function checkStagger(select: Select, from: CheckedFrom, env: Environment): Grouping {
  const { checker } = env;
  const { stagger } = select;
  if (stagger === null) return checker.fail(select.start, 'Expected WINDOWED BY STAGGER');
  const keys = stagger.partition.map((term) => checkExpression(term, env));
  for (const term of select.groupBy) {
    const text = JSON.stringify(checkExpression(term, env));
    if (!keys.some((key) => JSON.stringify(key) === text)) {
      checker.fail(
        term.start,
        'Every GROUP BY term must also stand in PARTITION BY of WINDOWED BY STAGGER, add it there',
      );
    }
  }
  const range = checkExpression(stagger.range, env);
  if (
    range.kind !== 'literal' ||
    typeof range.value !== 'number' ||
    range.type.name !== 'INTERVAL' ||
    range.value <= 0
  ) {
    return checker.fail(
      stagger.range.start,
      "RANGE of WINDOWED BY STAGGER must be an interval, write RANGE INTERVAL '1' MINUTE",
    );
  }
  const rangeMillis = range.value;
  return groupedEnvironment(keys, [], env, from, (input, positions, aggregates) => ({
    kind: 'staggerAggregate',
    input,
    rangeMillis,
    keys: positions,
    aggregates,
  }));
}

function splitTerms(nodes: readonly SyntaxExpression[], env: Environment): GroupTerms | null {
  const terms = nodes.map((node) => ({ node, expression: checkExpression(node, env) }));
  const timed = terms.flatMap(({ node, expression }) => {
    const window = readWindowTerm(expression);
    return window === undefined ? [] : [{ node, expression, window }];
  });
  const finest = timed.toSorted((a, b) => approximateWidth(a.window) - approximateWidth(b.window))[0];
  if (finest === undefined) return null;
  const same = (expression: Expression) =>
    JSON.stringify(readWindowTerm(expression)) === JSON.stringify(finest.window);
  const wider = timed.find(({ expression }) => !same(expression));
  if (wider !== undefined) {
    env.checker.warn(
      wider.node.start,
      'GROUP BY has two ROWTIME terms, the finer one decides when rows are emitted',
    );
  }
  return {
    window: finest.window,
    windowTerms: timed
      .filter(({ expression }) => same(expression))
      .map(({ expression }) => JSON.stringify(expression)),
    keys: terms
      .map(({ expression }) => expression)
      .filter((expression) => !timed.some((t) => t.expression === expression && same(expression))),
  };
}

function groupedEnvironment(
  keys: readonly Expression[],
  windowTerms: readonly string[],
  env: Environment,
  from: CheckedFrom,
  build: (input: Operator, keys: readonly number[], aggregates: readonly AggregateCall[]) => Operator,
): Grouping {
  const plain: Environment = { ...env, checked: new WeakMap() };
  const row = new RowExtension(from.width);
  const keyPositions = keys.map((key) => row.place(key));
  const keyTexts = keys.map((key) => JSON.stringify(key));
  const aggregates: AggregateCall[] = [];
  const placed = new Map<string, number>();
  const column = (index: number, type: Expression['type']): Expression => ({ kind: 'column', index, type });
  const intercept = (node: SyntaxExpression): Expression | undefined => {
    if (node.kind === 'call' && isAggregate(node.name)) {
      if (node.over !== null)
        env.checker.fail(
          node.start,
          'OVER may not stand in a GROUP BY query, write a second pump over its result',
        );
      const aggregate = planAggregate(checkAggregate(node, env, 'grouped'), (value) => row.place(value));
      const text = JSON.stringify(aggregate);
      const index = placed.get(text) ?? aggregates.push(aggregate) - 1;
      placed.set(text, index);
      return column(keys.length + 1 + index, aggregate.type);
    }
    return matchTerm(node, plain, { keys, keyTexts, windowTerms });
  };
  return {
    env: { ...env, intercept },
    finish: () => build(row.extend(from.operator), keyPositions, aggregates),
    window: null,
  };
}

interface MatchTargets {
  readonly keys: readonly Expression[];
  readonly keyTexts: readonly string[];
  readonly windowTerms: readonly string[];
}

/** A select item that repeats a GROUP BY term is that term's column; ROWTIME is the window's end. */
function matchTerm(node: SyntaxExpression, env: Environment, targets: MatchTargets): Expression | undefined {
  const checked = containsAggregate(node) ? undefined : env.checker.attempt(() => checkExpression(node, env));
  if (checked === undefined) return undefined;
  const text = JSON.stringify(checked);
  const index = targets.keyTexts.indexOf(text);
  if (index >= 0) return { kind: 'column', index, type: checked.type };
  if (checked.kind === 'rowtime') return checked;
  if (targets.windowTerms.includes(text)) return termAtStart(checked, targets.keys.length);
  if (node.kind === 'name') failUngrouped(node, env.checker);
  return undefined;
}

function failUngrouped(node: SyntaxExpression & { kind: 'name' }, checker: Checker): never {
  const name = node.parts.at(-1)?.value ?? '';
  return checker.fail(
    node.start,
    `Column "${name}" is not in GROUP BY, add it there or write MAX("${name}")`,
  );
}

const aggregating = new WeakMap<object, boolean>();

/** Is there an aggregate in a part of the tree? Asked of every node on the way down, so the answers are kept. */
function containsAggregate(node: unknown): boolean {
  if (Array.isArray(node)) return node.some(containsAggregate);
  if (typeof node !== 'object' || node === null) return false;
  const known = aggregating.get(node);
  if (known !== undefined) return known;
  const isCall = 'kind' in node && node.kind === 'call' && 'name' in node && isAggregate(String(node.name));
  const found = isCall || Object.values(node).some(containsAggregate);
  aggregating.set(node, found);
  return found;
}

/** SELECT DISTINCT with a time term in its list: one group per window of all its columns. */
export function planDistinct(
  input: Operator,
  items: readonly Expression[],
  window: TumblingWindow,
): Operator {
  const keys = items.map((_, index) => index);
  return {
    kind: 'project',
    input: { kind: 'tumblingAggregate', input, window, keys, aggregates: [] },
    items: items.map((item, index) => ({
      kind: 'column',
      index,
      type: item.type,
    })),
  };
}
