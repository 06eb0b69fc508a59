import { createHash } from 'node:crypto';

/** Characters that some file system gives a meaning, and the escape itself. */
const ESCAPED = /[%\\<>:"|?*]|\p{Cc}/gu;
const ESCAPE = /%([0-9A-F]{2})/g;
const MAX_SEGMENT_BYTES = 240;

/** Keys with a segment that no file system takes lie here under their hash; their metadata names them. */
export const LONG_KEYS_FOLDER = '%long';

/** Ends the name of an object's file where a folder has the same name: the keys `a` and `a/b` may both exist. */
export const BESIDE_FOLDER = '%';

/**
 * The relative path of an object's file. Ordinary keys stay as they are; what a file system would misread is escaped as
 * `%` and two hexadecimal digits: `.` and `..` as segments, an empty segment (`%` alone), NUL and the like. No key leads
 * out of its bucket's folder.
 */
export function pathOfKey(key: string): string {
  const segments = key.split('/').map(escapeSegment);
  if (segments.some((segment) => Buffer.byteLength(segment) > MAX_SEGMENT_BYTES))
    return `${LONG_KEYS_FOLDER}/${createHash('sha256').update(key).digest('hex')}`;
  return segments.join('/');
}

/** @returns the key whose file lies at this path; undefined when only its metadata knows */
export function keyOfPath(path: string): string | undefined {
  if (path.startsWith(`${LONG_KEYS_FOLDER}/`)) return undefined;
  const segments = path.split('/');
  const leaf = segments.pop()!;
  const name = leaf.length > 1 && leaf.endsWith(BESIDE_FOLDER) ? leaf.slice(0, -1) : leaf;
  return [...segments, name].map(unescapeSegment).join('/');
}

function escapeSegment(segment: string): string {
  if (segment === '') return '%';
  if (segment === '.' || segment === '..') return segment.replaceAll('.', '%2E');
  return segment.replace(ESCAPED, (character) => {
    const code = character.charCodeAt(0).toString(16).toUpperCase();
    return `%${code.padStart(2, '0')}`;
  });
}

function unescapeSegment(segment: string): string {
  if (segment === '%') return '';
  return segment.replace(ESCAPE, (_, code: string) => String.fromCharCode(Number.parseInt(code, 16)));
}
