/** The stack cannot be compiled or read; its message is one sentence for the person who edited it. */
export class StackError extends Error {
  override name = 'StackError';
}
