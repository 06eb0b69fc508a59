import type { KeyDictionary } from './key-dictionary.ts';
import type { WindowPane } from './window-pane.ts';

/** Below this a dictionary is not worth looking through. */
const FEW_KEYS = 1024;

/**
 * Keeps a dictionary bounded: the keys of the open windows and of the window just closed stay (its keys are likely to
 * come again), the others are forgotten once they are more than half of all.
 */
export function forgetKeys(keys: KeyDictionary, open: readonly WindowPane[], closed: WindowPane): void {
  const kept = [...open, closed];
  if (keys.size <= FEW_KEYS || keys.size <= 2 * kept.reduce((sum, { slots }) => sum + slots.size, 0)) return;
  const marked = new Uint8Array(keys.size);
  for (const { slots } of kept) for (const key of slots.keys()) marked[key] = 1;
  const numbers = keys.keep(marked);
  for (const { slots } of open) slots.renumber(numbers);
}
