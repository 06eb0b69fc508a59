import type { StackPlace } from './resolve-intrinsics.ts';

/** Where the stack is deployed when it runs on this machine: names and ARNs that the template computes say so. */
export const LOCAL_PLACE: StackPlace = {
  accountId: '000000000000',
  region: 'us-east-1',
  stackName: 'mesonet-dev',
};
