import { createEngine, type ErrorRow, type OutputRow } from '../../src/streaming-sql/engine/index.ts';
import type { ApplicationPlan } from '../../src/streaming-sql/index.ts';
import type { FlinkRecord } from './flink-runner.test-support.ts';

/** Every window of a case has closed by then. */
const END_MILLIS = 253_402_300_000_000;

/** What the embedded engine makes of the records: lines by stream, and the reason and pump of each error. */
export interface EngineRun {
  readonly outputs: Readonly<Record<string, readonly string[]>>;
  readonly errors: readonly string[];
}

/** Runs a plan on the records in the embedded engine, to the end of time. */
export function runOnEngine(
  plan: ApplicationPlan,
  records: readonly FlinkRecord[],
  references: Readonly<Record<string, readonly unknown[]>>,
): EngineRun {
  const outputs: Record<string, string[]> = Object.fromEntries(plan.streams.map(({ name }) => [name, []]));
  const errors: string[] = [];
  const engine = createEngine(JSON.parse(JSON.stringify(plan)) as ApplicationPlan, {
    onRow: (stream: string, row: OutputRow) => void outputs[stream]?.push(JSON.stringify(row)),
    onError: ({ ERROR_NAME, PUMP_NAME }: ErrorRow) => void errors.push(`${ERROR_NAME} ${PUMP_NAME}`),
    references,
    startMillis: 0,
  });
  for (const { data, ...meta } of records) {
    const text = Buffer.from(data, 'base64').toString();
    engine.acceptRecord(plan.input.format === 'CSV' ? text : JSON.parse(text), meta);
  }
  engine.advance(END_MILLIS);
  return { outputs, errors };
}
