/** A path and a query as they came. */
export function splitTarget(url: string): { path: string; query: string } {
  const at = url.indexOf('?');
  return at < 0 ? { path: url, query: '' } : { path: url.slice(0, at), query: url.slice(at + 1) };
}

/**
 * The path without its percent-encoding, if there is one way only to read it: what a policy is asked about has to be what
 * is called.
 * @returns undefined for encoded slashes and percent signs, dot segments, empty segments and broken encoding
 */
export function plainPathOf(path: string): string | undefined {
  if (/%(2f|5c|25|00)|\\/i.test(path)) return undefined;
  try {
    const plain = decodeURIComponent(path);
    const [first, ...segments] = plain.split('/');
    const isPlain = first === '' && segments.every((each) => each !== '' && each !== '.' && each !== '..');
    return isPlain ? plain : undefined;
  } catch {
    return undefined;
  }
}
