import { type ApplicationPlan, compileApplication, type InputSchema } from '../streaming-sql/index.ts';
import { lambdaSupport } from '../streaming-sql/lambda-support.ts';
import type { Operator } from '../streaming-sql/plan.ts';

/** An application that cannot run inside a Lambda function. */
export class WindowPlanError extends Error {
  override name = 'WindowPlanError';
}

/** How the function is deployed; what is not given is not checked. */
export interface WindowPlanSettings {
  /** The column whose value is the partition key of the source stream. */
  readonly partitionKey?: string | undefined;
  /** `TumblingWindowInSeconds` of the function's event source mapping. */
  readonly windowSeconds?: number | undefined;
}

export interface ApplicationText {
  /** The name that errors print, for example `analytics-sql/weather-windows.sql`. */
  readonly file: string;
  readonly sql: string;
  readonly input: InputSchema;
}

/**
 * Compiles an application for a function with tumbling-window state (AWS Lambda developer guide, "Implementing stateful
 * Kinesis Data Streams processing").
 * @throws StreamingSqlError with the place in the text
 * @throws WindowPlanError when a pump needs what Lambda cannot keep, with the reason and the way out
 */
export function compileWindowPlan(
  { file, sql, input }: ApplicationText,
  { partitionKey, windowSeconds }: WindowPlanSettings = {},
): ApplicationPlan {
  const plan = compileApplication(sql, { file, input });
  const source = { input: plan.input, ...(partitionKey !== undefined && { partitionKey }) };
  for (const pump of plan.pumps) {
    const { support, reason } = lambdaSupport(pump, source);
    if (support !== 'native') throw refusal(file, pump.name, reason);
    const widths = windowWidthsOf(pump.query);
    const misfit = widths.find(
      (width) => windowSeconds !== undefined && (windowSeconds * 1000) % width !== 0,
    );
    if (misfit !== undefined)
      throw refusal(
        file,
        pump.name,
        `its windows of ${misfit / 1000} s do not fill the function's window of ${windowSeconds} s (TumblingWindowInSeconds)`,
      );
  }
  return plan;
}

function refusal(file: string, pump: string, reason: string): WindowPlanError {
  return new WindowPlanError(
    `Cannot run '${file}' in a Lambda function: pump "${pump}": ${reason}; deploy it with --param windows=flink`,
  );
}

function windowWidthsOf(operator: Operator): number[] {
  const own =
    operator.kind === 'tumblingAggregate' && operator.window.kind === 'fixed' && !operator.window.instant
      ? [operator.window.widthMillis]
      : [];
  return 'input' in operator ? [...own, ...windowWidthsOf(operator.input)] : own;
}
