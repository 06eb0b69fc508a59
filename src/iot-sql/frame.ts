import type { RuleMessage } from './message.ts';
import { isObject, type ObjectValue, type Value } from './value.ts';

/** What bare names are looked up in when there is no object: nothing. */
const NO_ATTRIBUTES: ObjectValue = Object.freeze(Object.create(null));

/** What a compiled expression runs on: the message, and what bare names refer to. */
export class Frame {
  readonly message: RuleMessage;
  /** The payload; inside a nested SELECT the element of the array it walks. */
  readonly current: Value;
  /** The same if it is an object, so that looking up a name needs no test. */
  readonly attributes: ObjectValue;
  /** The frame around a nested SELECT. */
  readonly outer: Frame | undefined;
  /** The values of SET, shared by every frame of one evaluation. */
  readonly variables: Value[];

  constructor(message: RuleMessage, current: Value, outer: Frame | undefined, variables: Value[]) {
    this.message = message;
    this.current = current;
    this.attributes = isObject(current) ? current : NO_ATTRIBUTES;
    this.outer = outer;
    this.variables = variables;
  }
}

/** A compiled expression. It never throws and changes nothing. */
export type Evaluate = (frame: Frame) => Value;
