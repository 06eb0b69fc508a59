/** Base of what a replay throws by itself. */
export class ReplayError extends Error {
  override name = 'ReplayError';
}

/** An object holds something else than its place promises; the replay goes on with the next one. */
export class UnreadableObjectError extends ReplayError {
  override name = 'UnreadableObjectError';
}
