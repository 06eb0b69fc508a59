import { LocalError } from '../local-error.ts';

/** A refusal in AWS's own words: `name` is the code that the SDKs turn into an exception class. */
export class AwsError extends LocalError {
  readonly statusCode: number;

  constructor(name: string, message: string, statusCode = 400) {
    super(message);
    this.name = name;
    this.statusCode = statusCode;
  }
}

/** @returns what the caller may be told: its own mistake as it is, ours without the inside of it */
export function asAwsError(error: unknown): AwsError {
  if (error instanceof AwsError) return error;
  return new AwsError('InternalFailure', `The local stand-in failed: ${(error as Error).message}`, 500);
}
