import { compileExpression, type Scope } from './compile-expression.ts';
import type { Frame } from './frame.ts';
import { jsonText } from './json-text.ts';
import type { AssignmentNode } from './nodes.ts';
import type { Value } from './value.ts';

/** AWS: most bytes of one variable, and of all together, as minified JSON (AWS IoT developer guide, iot-sql-set). */
const MAX_VARIABLES_BYTES = 131_072;

/** Evaluates SET into the variables of a fresh frame and returns that frame. */
export type AssignVariables = (frame: Frame) => Frame;

/** Compiles the assignments of SET, in order; a variable that exceeds the limit on bytes is Undefined. */
export function compileVariables(assignments: readonly AssignmentNode[], scope: Scope): AssignVariables {
  if (assignments.length === 0) return (frame) => frame;
  const expressions = assignments.map((assignment) => compileExpression(assignment.expression, scope));
  return (frame) => {
    let bytes = 0;
    for (const expression of expressions) {
      const value = expression(frame);
      bytes += sizeOf(value);
      frame.variables.push(bytes > MAX_VARIABLES_BYTES ? undefined : value);
    }
    return frame;
  };
}

function sizeOf(value: Value): number {
  if (typeof value !== 'string' && typeof value !== 'object') return 8;
  return Buffer.byteLength(jsonText(value));
}
