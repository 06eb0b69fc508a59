import type { Source } from '../sql/index.ts';
import { compileExpression, type Scope } from './compile-expression.ts';
import { toBoolean } from './conversion.ts';
import type { Evaluate, Frame } from './frame.ts';
import type { ExpressionNode, Extent } from './nodes.ts';

/** One operand of the ANDs that make up WHERE. */
export interface Conjunct {
  /** As written. */
  readonly source: string;
  readonly node: ExpressionNode;
  readonly evaluate: Evaluate;
}

/** A compiled WHERE. */
export interface Condition {
  /** The rule fires if this is exactly true; Undefined does not fire it (AWS IoT developer guide, iot-sql-where). */
  readonly evaluate: Evaluate;
  readonly conjuncts: readonly Conjunct[];
}

/**
 * Compiles WHERE as its conjuncts. The rule fires only if every one of them is true, so the first that is not decides,
 * although AND itself would be Undefined rather than false.
 */
export function compileWhere(where: ExpressionNode | undefined, scope: Scope, source: Source): Condition {
  const conjuncts = conjunctsOf(where).map((node) => ({
    source: textOf(source, node),
    node,
    evaluate: compileExpression(node, scope),
  }));
  const [first, ...rest] = conjuncts.map(({ evaluate }) => evaluate);
  if (first === undefined) return { conjuncts, evaluate: () => true };
  if (rest.length === 0) return { conjuncts, evaluate: first };
  const all = [first, ...rest];
  return { conjuncts, evaluate: (frame) => allTrue(all, frame) };
}

function allTrue(conjuncts: readonly Evaluate[], frame: Frame): boolean {
  for (const evaluate of conjuncts) {
    const value = evaluate(frame);
    if (value !== true && toBoolean(value) !== true) return false;
  }
  return true;
}

/** A part of a rule on one line. */
export function textOf(source: Source, { start, end }: Extent): string {
  return source.text.slice(start, end).replace(/\s+/g, ' ');
}

/** The operands of the outermost ANDs, left to right, without recursion: a chain may be long. */
function conjunctsOf(where: ExpressionNode | undefined): ExpressionNode[] {
  const conjuncts: ExpressionNode[] = [];
  const open = where === undefined ? [] : [where];
  for (let node = open.pop(); node !== undefined; node = open.pop()) {
    if (node.kind === 'binary' && node.operator === 'AND') open.push(node.right, node.left);
    else conjuncts.push(node);
  }
  return conjuncts;
}
