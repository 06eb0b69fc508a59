import { compileExpression, type Scope } from './compile-expression.ts';
import { compileSelect } from './compile-select.ts';
import { type Evaluate, Frame } from './frame.ts';
import type { SubqueryNode } from './nodes.ts';
import { isArray, isObject, type Value } from './value.ts';

/**
 * Compiles a nested SELECT (AWS IoT developer guide, iot-sql-nested-queries): over an array an array of results, over an
 * object the one result itself, over anything else Undefined. `*`, the message as a whole, is one row: the live service
 * gives an array of one for `(SELECT … FROM *)`. Inside, names refer to the element.
 */
export function compileSubquery(node: SubqueryNode, scope: Scope): Evaluate {
  const from = compileExpression(node.from, scope);
  const isWhole = node.from.kind === 'payload';
  const inner: Scope = { ...scope, aliases: [node.alias, ...scope.aliases] };
  const where = node.where === undefined ? undefined : compileExpression(node.where, inner);
  const select = compileSelect(node.select, inner);
  return (frame) => {
    const source = from(frame);
    if (isArray(source) && !frame.message.takeRows(source.length)) return undefined;
    if (isArray(source)) return selectFromArray(source, frame, where, select);
    if (isWhole && isObject(source)) return selectFromArray([source], frame, where, select);
    return isObject(source) ? selectFrom(source, frame, where, select) : undefined;
  };
}

function selectFromArray(
  source: readonly Value[],
  frame: Frame,
  where: Evaluate | undefined,
  select: Evaluate,
): readonly Value[] {
  const results: Value[] = [];
  for (const element of source) {
    const result = selectFrom(element, frame, where, select);
    if (result !== undefined) results.push(result);
  }
  return results;
}

function selectFrom(element: Value, frame: Frame, where: Evaluate | undefined, select: Evaluate): Value {
  const inner = new Frame(frame.message, element, frame, frame.variables);
  return where === undefined || where(inner) === true ? select(inner) : undefined;
}
