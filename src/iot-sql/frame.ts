import type { RuleMessage } from './message.ts';
import type { Value } from './value.ts';

/** What a compiled expression runs on: the message, and what bare names refer to. */
export class Frame {
  readonly message: RuleMessage;
  /** The payload; inside a nested SELECT the element of the array it walks. */
  readonly current: Value;
  /** The frame around a nested SELECT. */
  readonly outer: Frame | undefined;
  /** The values of SET, shared by every frame of one evaluation. */
  readonly variables: Value[];

  constructor(message: RuleMessage, current: Value, outer: Frame | undefined, variables: Value[]) {
    this.message = message;
    this.current = current;
    this.outer = outer;
    this.variables = variables;
  }
}

/** A compiled expression. It never throws and changes nothing. */
export type Evaluate = (frame: Frame) => Value;
