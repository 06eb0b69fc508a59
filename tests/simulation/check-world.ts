import { checkArchive } from './check-archive.ts';
import { checkDelivery } from './check-delivery.ts';
import { checkFirehose } from './check-firehose.ts';
import { checkFunctionWindows } from './check-function-windows.ts';
import { checkLedger } from './check-ledger.ts';
import { checkQueues } from './check-queues.ts';
import { checkStores } from './check-stores.ts';
import { checkWindows } from './check-windows.ts';
import type { World } from './world.ts';

/** What must hold of a disk at any moment, whatever happened to the process before. */
export function checkAtStart(world: World): void {
  checkLedger(world);
}

/** What must hold when nothing is under way any more. @throws Violation */
export function checkAtTheEnd(world: World): void {
  checkLedger(world);
  checkDelivery(world);
  checkStores(world);
  const { parts } = world.options;
  if (parts.includes('firehose')) checkFirehose(world);
  if (parts.includes('queues')) checkQueues(world);
  if (parts.includes('archive')) checkArchive(world);
  if (parts.includes('function-windows')) checkFunctionWindows(world);
  else checkWindows(world);
}
