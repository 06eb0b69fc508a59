/** Why a message was refused for good. A closed list: each one is counted, kept with its bytes and shown on the page. */
export const REJECTION_REASONS = [
  'not-json',
  'bad-utf8',
  'missing-field',
  'wrong-type',
  'timestamp-negative',
  'timestamp-ahead',
  'no-weekly-table',
  'too-large',
  'bad-gzip',
  'not-a-batch',
] as const;

export type RejectionReason = (typeof REJECTION_REASONS)[number];

/** A refusal of content: retrying the same bytes can never succeed. */
export interface Rejection {
  readonly reason: RejectionReason;
  /** One sentence for the person who has to mend the device. */
  readonly detail: string;
}

/** The result of decoding: the value, or why there is none. */
export type Decoded<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly rejection: Rejection };

export function accept<T>(value: T): Decoded<T> {
  return { ok: true, value };
}

export function reject(reason: RejectionReason, detail: string): Decoded<never> {
  return { ok: false, rejection: { reason, detail } };
}
