/** A load or a stack cannot be priced; the message is one sentence for the person who asked. */
export class CostError extends Error {
  override name = 'CostError';
}
