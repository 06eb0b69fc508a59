/**
 * A variable that the stack sets for the function.
 * @throws Error when it is missing: a mistake of the stack, not of a record
 */
export function requiredVariable(name: string): string {
  const value = process.env[name];
  if (value === undefined || value === '') {
    throw new Error(`Cannot run the function: environment variable "${name}" is not set`);
  }
  return value;
}

/**
 * A variable that the stack sets to a whole number of at least 1.
 * @throws Error when it is missing or anything else
 */
export function requiredCount(name: string): number {
  const value = requiredVariable(name);
  const count = Number(value);
  if (!Number.isSafeInteger(count) || count < 1) {
    throw new Error(
      `Cannot run the function: environment variable "${name}" is "${value}", not a whole number of at least 1`,
    );
  }
  return count;
}
