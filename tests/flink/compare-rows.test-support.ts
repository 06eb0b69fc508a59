/** What one side has and the other has not, as text; empty where both are the same. */
export interface Mismatch {
  readonly missing: readonly string[];
  readonly extra: readonly string[];
}

/** Relative error of sums that were added in another order. */
const CLOSE = 1e-9;

/** Compares lines whatever their order; with `isClose` numbers may differ in their last digits. */
export function compareRows(
  expected: readonly string[],
  found: readonly string[],
  isClose: boolean,
): Mismatch {
  const left = [...found];
  const missing: string[] = [];
  for (const line of expected) {
    const at = left.indexOf(line);
    const near = at >= 0 || !isClose ? at : left.findIndex((other) => isNear(line, other));
    if (near < 0) missing.push(line);
    else left.splice(near, 1);
  }
  return { missing, extra: left };
}

function isNear(line: string, other: string): boolean {
  const [a, b] = [Object.entries(JSON.parse(line)), Object.entries(JSON.parse(other))];
  return (
    a.length === b.length &&
    a.every(([name, value], index) => {
      const [otherName, otherValue] = b[index] ?? [];
      if (name !== otherName) return false;
      if (typeof value !== 'number' || typeof otherValue !== 'number') return value === otherValue;
      return Math.abs(value - otherValue) <= CLOSE * Math.max(1, Math.abs(value), Math.abs(otherValue));
    })
  );
}
