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
