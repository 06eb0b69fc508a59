import { registerHooks } from 'node:module';
import { fileURLToPath } from 'node:url';
import type { KinesisStreamEvent } from 'aws-lambda';
import { planModule } from '../../src/lambda-windows/plan-module.ts';
import './function-environment.ts';

/** A handler as Lambda calls it. */
export type Handler = (event: KinesisStreamEvent) => Promise<unknown>;

const PROJECT = fileURLToPath(new URL('../..', import.meta.url));
/** `TumblingWindowInSeconds` of the function that makes windows, as resources/windows.yml has it. */
export const WINDOW_SECONDS = 60;

// As the bundler does it: an application is imported as its plan.
registerHooks({
  load: (url, context, nextLoad) =>
    url.endsWith('.sql')
      ? { format: 'module', source: planOf(fileURLToPath(url)), shortCircuit: true }
      : nextLoad(url, context),
});

function planOf(file: string): string {
  return planModule(file, PROJECT, { partitionKey: 'sensor_id', windowSeconds: WINDOW_SECONDS });
}

/** The functions of the stack; loaded when all that they find in their environment is there. */
export const storeReadings = (await import('../../functions/store-readings.ts')).handler as Handler;
export const archiveReadings = (await import('../../functions/archive-readings.ts')).handler as Handler;
export const publishWindows = (await import('../../functions/publish-windows.ts')).handler as Handler;
export const aggregateWindows = (await import('../../functions/aggregate-windows.ts')).handler as Handler;
