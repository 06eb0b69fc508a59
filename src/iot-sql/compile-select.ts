import { compileExpression, type Scope } from './compile-expression.ts';
import type { Evaluate, Frame } from './frame.ts';
import type { ExpressionNode, SelectItemNode, SelectNode } from './nodes.ts';
import { printExpression } from './printer.ts';
import { isObject, setAttribute, type Value } from './value.ts';

/** An item of a SELECT that adds to the object under construction. */
type AddItem = (frame: Frame, object: Record<string, Value>) => void;

/** Compiles what follows SELECT to a closure that builds the result. */
export function compileSelect(select: SelectNode, scope: Scope): Evaluate {
  if (select.kind === 'value') return compileExpression(select.expression, scope);
  const [first] = select.items;
  if (select.items.length === 1 && first?.kind === 'star') return (frame) => frame.current;
  const items = select.items.map((item) => compileItem(item, scope));
  return (frame) => {
    const object: Record<string, Value> = {};
    for (const addItem of items) addItem(frame, object);
    return object;
  };
}

function compileItem(item: SelectItemNode, scope: Scope): AddItem {
  if (item.kind === 'star') return addAll;
  const expression = compileExpression(item.expression, scope);
  if (item.kind === 'spread') return (frame, object) => addAttributes(object, expression(frame));
  const path = item.alias ?? [nameOf(item.expression)];
  const name = path[0]!;
  if (path.length === 1) return (frame, object) => setAttribute(object, name, expression(frame));
  return (frame, object) => addNested(object, path, expression(frame));
}

/** `*` beside other items: a payload that is not JSON becomes a column `payload` in base64. */
function addAll(frame: Frame, object: Record<string, Value>): void {
  const { current, message, outer } = frame;
  if (current !== undefined || outer !== undefined) addAttributes(object, current);
  else if (message.payload.length > 0) object.payload = message.payloadBase64;
}

/**
 * The name of an item without AS, which the guide does not state: the last step of a path, `topic` for `topic()`, the
 * text of anything else.
 */
export function nameOf(expression: ExpressionNode): string {
  if (expression.kind === 'attribute' || expression.kind === 'member') return expression.name;
  if (expression.kind === 'call' && expression.arguments.length === 0) return expression.name;
  return printExpression(expression);
}

function addAttributes(object: Record<string, Value>, source: Value): void {
  if (!isObject(source)) return;
  for (const key of Object.keys(source)) setAttribute(object, key, source[key]);
}

/** `AS a.b`: objects on the way are copied before they are changed, since they may be the message's own. */
function addNested(object: Record<string, Value>, path: readonly string[], value: Value): void {
  let at = object;
  for (const name of path.slice(0, -1)) {
    const existing = Object.hasOwn(at, name) ? at[name] : undefined;
    const copy: Record<string, Value> = {};
    addAttributes(copy, existing);
    setAttribute(at, name, copy);
    at = copy;
  }
  setAttribute(at, path[path.length - 1]!, value);
}
