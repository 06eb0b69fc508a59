/**
 * A 64-bit FNV-1a style hash of a text as 16 hex digits: tells two plans apart without a crypto module. It guards
 * against restoring a snapshot into another plan, not against an attacker.
 */
export function fingerprintOf(text: string): string {
  let low = 0x811c9dc5;
  let high = 0x9e3779b9;
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at);
    low = Math.imul(low ^ code, 0x01000193);
    high = Math.imul(high ^ (code + at), 0x85ebca6b);
    high ^= high >>> 13;
  }
  return [low, high].map((word) => (word >>> 0).toString(16).padStart(8, '0')).join('');
}
