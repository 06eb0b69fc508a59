import { compileExpression, type Scope } from './compile-expression.ts';
import type { Evaluate } from './frame.ts';
import type { FunctionSpec } from './functions/function-spec.ts';
import { findFunction } from './functions/function-table.ts';
import type { CallNode } from './nodes.ts';
import { type Value, WholeDecimal } from './value.ts';

/** Compiles a checked call. */
export function compileCall(node: CallNode, scope: Scope): Evaluate {
  const spec = findFunction(node.name)!;
  const count = node.arguments.length;
  if (count < spec.minArguments || count > spec.maxArguments) return () => undefined;
  const compiled = node.arguments.map((argument) => compileExpression(argument, scope));
  const call = compileBody(spec, compiled, node, scope);
  return spec.isDecimal && scope.version === '2015-10-08' ? keepDecimal(call) : call;
}

function compileBody(
  spec: FunctionSpec,
  compiled: readonly Evaluate[],
  node: CallNode,
  scope: Scope,
): Evaluate {
  const { version, external } = scope;
  if (spec.compile !== undefined) {
    return spec.compile({
      arguments: compiled,
      nodes: node.arguments,
      version,
      castType: node.castType,
      external,
    });
  }
  return applyFunction(spec.evaluate!, compiled);
}

/** One closure per number of arguments: a spread call per message would be several times slower. */
function applyFunction(evaluate: (...values: Value[]) => Value, compiled: readonly Evaluate[]): Evaluate {
  const [first, second, third] = compiled;
  switch (compiled.length) {
    case 0:
      return () => evaluate();
    case 1:
      return (frame) => evaluate(first!(frame));
    case 2:
      return (frame) => evaluate(first!(frame), second!(frame));
    case 3:
      return (frame) => evaluate(first!(frame), second!(frame), third!(frame));
    default:
      return (frame) => evaluate(...compiled.map((argument) => argument(frame)));
  }
}

function keepDecimal(call: Evaluate): Evaluate {
  return (frame) => {
    const value = call(frame);
    return typeof value === 'number' && Number.isInteger(value) ? new WholeDecimal(value) : value;
  };
}
