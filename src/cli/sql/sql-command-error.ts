/** What `mesonet sql` was given and cannot use; the message is one sentence for whoever typed it. */
export class SqlCommandError extends Error {
  override readonly name = 'SqlCommandError';
}
