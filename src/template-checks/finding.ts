import type { TemplateView } from './template-view.ts';

/** What a check found wrong with one resource. */
export interface Finding {
  /** The name of the check, for example `lifecycle`. */
  readonly check: string;
  /** Logical id of the resource. */
  readonly resource: string;
  /** What exactly: an action, a property, a route. An exception can be limited to it. */
  readonly about: string;
  /** One sentence: what is there, what is wanted, and why. */
  readonly message: string;
}

/** What the checks know besides the template. */
export interface CheckContext {
  /** IAM actions that the code of a function needs, by the function's logical id. */
  readonly functionActions: ReadonlyMap<string, readonly string[]>;
  /** Environment variables that the code of a function names, by the function's logical id. */
  readonly functionVariables: ReadonlyMap<string, VariablesOfCode>;
}

export interface VariablesOfCode {
  /** Those without which it fails. */
  readonly required: readonly string[];
  /** All that it names. */
  readonly read: readonly string[];
}

/** One check: a compiled template in, findings out. */
export interface Check {
  readonly name: string;
  run(view: TemplateView, context: CheckContext): readonly Omit<Finding, 'check'>[];
}
