import type { JsonValue } from '../../../iot-sql/index.ts';
import type { DurableLog } from '../../log/durable-log.ts';
import { KeptMap } from '../../log/kept-map.ts';

/** How an execution is (AWS IoT developer guide, iot-jobs-lifecycle). */
export type ExecutionState = 'QUEUED' | 'IN_PROGRESS' | 'FAILED' | 'SUCCEEDED' | 'REJECTED' | 'CANCELED';

/** What several things are to do. */
export interface Job {
  readonly jobId: string;
  readonly document: JsonValue;
  readonly description?: string;
  readonly targets: readonly string[];
  readonly createdMillis: number;
  readonly isCanceled: boolean;
}

/** What one thing has done of a job. */
export interface JobExecution {
  readonly jobId: string;
  readonly thingName: string;
  readonly status: ExecutionState;
  readonly statusDetails?: Readonly<Record<string, string>>;
  readonly queuedMillis: number;
  readonly startedMillis?: number;
  readonly updatedMillis: number;
  readonly versionNumber: number;
  /** Which of the jobs was made first. */
  readonly order: number;
}

/** Jobs and their executions; what changes is durable with the log's next commit. */
export class JobStore {
  readonly #jobs: KeptMap<Job>;
  readonly #executions: KeptMap<JobExecution>;
  /** Those that are not at an end, by thing, in the order of their jobs. */
  readonly #pending = new Map<string, Map<string, JobExecution>>();

  constructor(log: DurableLog) {
    this.#jobs = new KeptMap(log, 'iot/job/');
    this.#executions = new KeptMap(log, 'iot/job-execution/');
    const all = [...this.#executions.values()].sort((left, right) => left.order - right.order);
    for (const execution of all) this.#index(execution);
  }

  get jobCount(): number {
    return this.#jobs.size;
  }

  job(jobId: string): Job | undefined {
    return this.#jobs.get(jobId);
  }

  setJob(job: Job): void {
    this.#jobs.set(job.jobId, job);
  }

  execution(thingName: string, jobId: string): JobExecution | undefined {
    return this.#executions.get(`${thingName}/${jobId}`);
  }

  setExecution(execution: JobExecution): void {
    this.#executions.set(`${execution.thingName}/${execution.jobId}`, execution);
    this.#index(execution);
  }

  /** Executions of a thing that are queued or in progress, oldest first. */
  pending(thingName: string): JobExecution[] {
    return [...(this.#pending.get(thingName)?.values() ?? [])];
  }

  /** What the thing is to do next: what it has begun, else the oldest. */
  next(thingName: string): JobExecution | undefined {
    const pending = this.pending(thingName);
    return pending.find(({ status }) => status === 'IN_PROGRESS') ?? pending[0];
  }

  #index(execution: JobExecution): void {
    const { thingName, jobId } = execution;
    const ofThing = this.#pending.get(thingName) ?? new Map<string, JobExecution>();
    if (isPending(execution)) this.#pending.set(thingName, ofThing.set(jobId, execution));
    else ofThing.delete(jobId);
    if (ofThing.size === 0) this.#pending.delete(thingName);
  }
}

export function isPending({ status }: JobExecution): boolean {
  return status === 'QUEUED' || status === 'IN_PROGRESS';
}
