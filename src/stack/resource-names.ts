import type { ReadingContext } from './read-stack.ts';

/** What every resource with a name and an ARN is known by. */
export function named(
  logicalId: string,
  { arn }: Pick<ReadingContext, 'arn' | 'name'>,
): { logicalId: string; name: string; arn: string } {
  const resourceArn = arn(logicalId);
  return {
    logicalId,
    arn: resourceArn,
    name: resourceArn.slice(Math.max(resourceArn.lastIndexOf('/'), resourceArn.lastIndexOf(':')) + 1),
  };
}

/** The function's name, of its name, its ARN or its qualified ARN. */
export function functionNameOf(reference: string): string {
  const found = /:function:([^:]+)/.exec(reference);
  return found ? found[1]! : reference;
}
