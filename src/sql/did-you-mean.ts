/** Names longer than this are not compared: nobody mistypes a thousand characters. */
const MAX_NAME_LENGTH = 64;

/**
 * The known names that look most like what was written, best first, compared without regard to case.
 * A name qualifies when about a third of its characters or fewer must change.
 */
export function suggestionList(written: string, known: Iterable<string>, limit = 3): string[] {
  if (written.length === 0 || written.length > MAX_NAME_LENGTH) return [];
  const wanted = written.toLowerCase();
  const threshold = Math.max(1, Math.floor(written.length * 0.4));
  const near: { name: string; distance: number }[] = [];
  for (const name of known) {
    if (Math.abs(name.length - wanted.length) > threshold) continue;
    const distance = editDistance(wanted, name.toLowerCase());
    if (distance <= threshold) near.push({ name, distance });
  }
  near.sort((a, b) => a.distance - b.distance || (a.name < b.name ? -1 : 1));
  return near.slice(0, limit).map(({ name }) => name);
}

/** The end of an error sentence: `, did you mean "timestamp"?`, or nothing when no known name is near. */
export function didYouMean(written: string, known: Iterable<string>): string {
  const names = suggestionList(written, known).map((name) => `"${name}"`);
  if (names.length === 0) return '';
  const last = names[names.length - 1];
  return `, did you mean ${names.length === 1 ? last : `${names.slice(0, -1).join(', ')} or ${last}`}?`;
}

/** Insertions, deletions, replacements and swaps of neighbours that turn one word into the other. */
export function editDistance(a: string, b: string): number {
  let beforeLast: number[] = [];
  let last = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const cost = a[i - 1] === b[j - 1] ? 0 : 1;
      let best = Math.min(last[j]! + 1, row[j - 1]! + 1, last[j - 1]! + cost);
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]) {
        best = Math.min(best, beforeLast[j - 2]! + 1);
      }
      row.push(best);
    }
    beforeLast = last;
    last = row;
  }
  return last[b.length]!;
}
