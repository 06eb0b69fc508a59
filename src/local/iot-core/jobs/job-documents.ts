import type { JsonObject } from '../../../iot-sql/index.ts';
import type { Job, JobExecution } from './job-store.ts';

/** Each thing does a job once. */
const EXECUTION_NUMBER = 1;

/** AWS IoT developer guide, jobs-mqtt-https-api, JobExecutionState. */
export function executionStateOf({ status, statusDetails, versionNumber }: JobExecution): JsonObject {
  return { status, ...(statusDetails && { statusDetails: { ...statusDetails } }), versionNumber };
}

/** AWS IoT developer guide, jobs-mqtt-https-api, JobExecutionSummary; times are seconds. */
export function executionSummaryOf(execution: JobExecution): JsonObject {
  const { jobId, versionNumber } = execution;
  return { jobId, executionNumber: EXECUTION_NUMBER, versionNumber, ...timesOf(execution) };
}

/** AWS IoT developer guide, jobs-mqtt-https-api, JobExecution. @param job undefined leaves the document out */
export function executionDataOf(execution: JobExecution, job: Job | undefined): JsonObject {
  const { jobId, thingName } = execution;
  return {
    jobId,
    thingName,
    ...executionStateOf(execution),
    ...timesOf(execution),
    executionNumber: EXECUTION_NUMBER,
    ...(job && { jobDocument: job.document }),
  };
}

/** Is this the number of an execution, as far as there is more than one? */
export function isExecutionNumber(given: number | undefined): boolean {
  return given === undefined || given === EXECUTION_NUMBER;
}

function timesOf({ queuedMillis, startedMillis, updatedMillis }: JobExecution): JsonObject {
  return {
    queuedAt: secondsOf(queuedMillis),
    ...(startedMillis !== undefined && { startedAt: secondsOf(startedMillis) }),
    lastUpdatedAt: secondsOf(updatedMillis),
  };
}

export function secondsOf(millis: number): number {
  return Math.floor(millis / 1000);
}
