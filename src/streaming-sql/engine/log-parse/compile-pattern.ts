import { RE2JS } from 're2js';
import { EvaluationError } from '../engine-error.ts';

/** @throws EvaluationError for a pattern that the compiler of plans would have refused */
export function compilePattern(pattern: string, flags: number): RE2JS {
  try {
    return RE2JS.compile(pattern, flags);
  } catch (error) {
    throw new EvaluationError(
      'INVALID_PATTERN',
      `Pattern '${pattern}' is not supported: ${(error as Error).message}`,
    );
  }
}
