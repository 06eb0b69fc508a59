import { UnreadableObjectError } from './replay-error.ts';

/** JSON that our own functions or AWS wrote. @throws UnreadableObjectError when it is not a JSON object */
export function parseObjectLine(bytes: Uint8Array): object {
  try {
    const json: unknown = JSON.parse(Buffer.from(bytes).toString());
    if (typeof json === 'object' && json !== null) return json;
  } catch {
    // Said below.
  }
  throw new UnreadableObjectError('it is not JSON of the kind that its place promises');
}
