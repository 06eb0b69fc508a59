/** One link of the chain from a device to its record: it holds, it is broken, or it could not be looked at. */
export interface Finding {
  readonly step: string;
  readonly state: 'ok' | 'broken' | 'skipped';
  /** What was found. */
  readonly text: string;
  /** What to do about it. */
  readonly advice?: string;
}

export function ok(step: string, text: string, advice?: string): Finding {
  return { step, state: 'ok', text, ...(advice !== undefined && { advice }) };
}

export function broken(step: string, text: string, advice: string): Finding {
  return { step, state: 'broken', text, advice };
}

export function skipped(step: string, text: string): Finding {
  return { step, state: 'skipped', text };
}
