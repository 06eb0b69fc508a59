import { isAggregate } from './aggregate-names.ts';
import { checkAggregate, planAggregate } from './check-aggregate.ts';
import { checkExpression, type Environment } from './check-expression.ts';
import type { CheckedFrom } from './check-from.ts';
import type { Checker } from './checker.ts';
import type { AggregateCall, Expression, Operator, SlidingWindow, WindowFrame } from './plan.ts';
import { RowExtension } from './row-extension.ts';
import type {
  CallSyntax,
  Identifier,
  NamedWindow,
  Select,
  SyntaxExpression,
  SyntaxFrame,
  WindowSpecification,
} from './syntax.ts';

interface Sliding {
  readonly env: Environment;
  readonly finish: () => Operator;
}

interface WindowInMaking {
  readonly partition: readonly number[];
  readonly frame: WindowFrame;
  readonly calls: AggregateCall[];
}

/**
 * Analytic functions: every `f(x) OVER window` becomes a column behind the input row. Several windows may stand in
 * one SELECT. The select list is walked twice, first to learn how many columns the arguments need.
 */
export function checkSliding(select: Select, from: CheckedFrom, env: Environment): Sliding {
  const collector = new WindowCollector(select, from.width, env);
  const checking: Environment = { ...env, intercept: (node) => collector.intercept(node) };
  for (const item of select.items) if (item.kind === 'expression') checkExpression(item.expression, checking);
  for (const { expression } of select.orderBy)
    env.checker.attempt(() => checkExpression(expression, checking));
  collector.settle();
  return { env: checking, finish: () => collector.plan(from.operator) };
}

class WindowCollector {
  readonly #select: Select;
  readonly #env: Environment;
  readonly #row: RowExtension;
  readonly #windows: WindowInMaking[] = [];
  #resultsFrom = 0;

  constructor(select: Select, width: number, env: Environment) {
    this.#select = select;
    this.#env = env;
    this.#row = new RowExtension(width);
  }

  settle(): void {
    this.#resultsFrom = this.#row.width;
  }

  intercept(node: SyntaxExpression): Expression | undefined {
    if (node.kind !== 'call' || node.over === null || !isAggregate(node.name)) return undefined;
    const window = this.#windowOf(node, node.over);
    const call = planAggregate(checkAggregate(node, this.#env, 'windowed'), (value) =>
      this.#row.place(value),
    );
    const text = JSON.stringify(call);
    let index = window.calls.findIndex((known) => JSON.stringify(known) === text);
    if (index < 0) index = window.calls.push(call) - 1;
    const before = this.#windows
      .slice(0, this.#windows.indexOf(window))
      .reduce((sum, { calls }) => sum + calls.length, 0);
    return { kind: 'column', index: this.#resultsFrom + before + index, type: call.type };
  }

  plan(input: Operator): Operator {
    if (this.#windows.length === 0) return input;
    const windows: SlidingWindow[] = this.#windows.map(({ partition, frame, calls }) => ({
      partition,
      frame,
      calls: [...calls],
    }));
    return { kind: 'slidingAggregate', input: this.#row.extend(input), windows };
  }

  #windowOf(node: CallSyntax, over: WindowSpecification | Identifier): WindowInMaking {
    const { partition, frame } = this.#resolve(over);
    const positions = partition.map((term) => this.#row.place(checkExpression(term, this.#env)));
    const checked = this.#frameOf(node, frame);
    if (node.name === 'EXP_AVG' && checked.kind === 'rows') {
      this.#env.checker.fail(node.start, 'EXP_AVG needs a window by time, write RANGE INTERVAL … PRECEDING');
    }
    const text = JSON.stringify([positions, checked]);
    const known = this.#windows.find((window) => JSON.stringify([window.partition, window.frame]) === text);
    if (known !== undefined) return known;
    const window: WindowInMaking = { partition: positions, frame: checked, calls: [] };
    this.#windows.push(window);
    return window;
  }

  /** LAG without a frame only looks back as far as it must; NTH_VALUE would have to keep every row. */
  #frameOf(node: CallSyntax, frame: SyntaxFrame | null): WindowFrame {
    const checked: WindowFrame = frame === null ? { kind: 'unbounded' } : checkFrame(frame, this.#env);
    if (checked.kind !== 'unbounded') return checked;
    if (node.name === 'NTH_VALUE') {
      this.#env.checker.fail(
        node.start,
        'NTH_VALUE needs a bounded window, write ROWS n PRECEDING or RANGE INTERVAL … PRECEDING',
      );
    }
    if (node.name !== 'LAG') return checked;
    const offset = node.arguments[1];
    return { kind: 'rows', precedingRows: offset?.kind === 'number' ? Number(offset.text) : 1 };
  }

  /** A name, or a specification that may build on a named window. */
  #resolve(over: WindowSpecification | Identifier, depth = 0): WindowSpecification {
    const name = 'value' in over ? over : over.base;
    if (name === null) return over as WindowSpecification;
    const { windows } = this.#select;
    const named = findWindow(name, depth > windows.length ? [] : windows, this.#env.checker);
    const base = this.#resolve(named.window, depth + 1);
    if ('value' in over) return base;
    return { ...base, partition: [...base.partition, ...over.partition], frame: over.frame ?? base.frame };
  }
}

/** The window that the WINDOW clause defines under a name. @throws StreamingSqlError when it defines none */
export function findWindow(name: Identifier, windows: readonly NamedWindow[], checker: Checker): NamedWindow {
  const named = windows.find((candidate) => candidate.name.value === name.value);
  if (named !== undefined) return named;
  const known = windows.map((candidate) => `"${candidate.name.value}"`).join(', ') || 'none';
  return checker.fail(name.start, `Unknown window "${name.value}", the WINDOW clause defines ${known}`);
}

/** RANGE takes an interval, ROWS a number of rows; both end at the current row (SQL reference, "WINDOW clause"). */
export function checkFrame(frame: SyntaxFrame, env: Environment): WindowFrame {
  if (frame.preceding === 'unbounded') return { kind: 'unbounded' };
  if (frame.preceding === 'current')
    return frame.unit === 'rows' ? { kind: 'rows', precedingRows: 0 } : { kind: 'range', precedingMillis: 0 };
  const distance = checkExpression(frame.preceding, env);
  const value = distance.kind === 'literal' && typeof distance.value === 'number' ? distance.value : -1;
  if (frame.unit === 'range') {
    if (distance.type.name !== 'INTERVAL' || value < 0) {
      env.checker.fail(
        frame.preceding.start,
        "RANGE needs an interval, write RANGE INTERVAL '1' MINUTE PRECEDING",
      );
    }
    return { kind: 'range', precedingMillis: value };
  }
  if (distance.type.name !== 'INTEGER' || value < 0) {
    env.checker.fail(frame.preceding.start, 'ROWS needs a whole number of rows, write ROWS 10 PRECEDING');
  }
  return { kind: 'rows', precedingRows: value };
}
