import { checkDelivery } from './check-delivery.ts';
import { checkLedger } from './check-ledger.ts';
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
  checkWindows(world);
}
