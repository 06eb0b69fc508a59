import type { JsonObject, JsonValue } from '../../../iot-sql/index.ts';
import type { DurableLog } from '../../log/durable-log.ts';
import {
  type JobRequestTopic,
  parseJobRequest as parseTopic,
  type ReservedAnswer,
  type ReservedRequest,
  type ReservedTopicService,
} from '../reserved-topics.ts';
import {
  executionDataOf,
  executionStateOf,
  executionSummaryOf,
  isExecutionNumber,
  secondsOf,
} from './job-documents.ts';
import { JobError } from './job-error.ts';
import { type JobRequest, parseJobRequest } from './job-request.ts';
import { type ExecutionState, isPending, type Job, type JobExecution, JobStore } from './job-store.ts';

export interface JobServiceOptions {
  readonly log: DurableLog;
  readonly nowMillis: () => number;
}

export type NewJob = Pick<Job, 'jobId' | 'document' | 'description' | 'targets'>;

/** What a request is answered, and what others are told because of it. */
export interface JobOutcome {
  readonly body: JsonObject;
  readonly notices: readonly ReservedAnswer[];
}

const NEXT = '$next';

/** AWS IoT Jobs as devices see it (AWS IoT developer guide, jobs-mqtt-api); answers go to whoever asked, and to nobody else. */
export class JobService implements ReservedTopicService {
  readonly store: JobStore;
  readonly #nowMillis: () => number;
  readonly #verbs: Readonly<Record<string, (topic: JobRequestTopic, request: JobRequest) => JobOutcome>>;

  constructor({ log, nowMillis }: JobServiceOptions) {
    this.store = new JobStore(log);
    this.#nowMillis = nowMillis;
    this.#verbs = {
      'start-next': ({ thingName }, request) => this.#startNext(thingName, request),
      update: ({ thingName, jobId }, request) => this.#update(thingName, jobId!, request),
      get: ({ thingName, jobId }, request) =>
        jobId === undefined ? this.#list(thingName) : this.#describe(thingName, jobId, request),
    };
  }

  answer({ topic, payload }: ReservedRequest): readonly ReservedAnswer[] | undefined {
    const parsed = parseTopic(topic);
    if (!parsed) return undefined;
    let request: JobRequest = {};
    try {
      request = parseJobRequest(payload);
      const { body, notices } = this.perform(parsed, request);
      const answer = { ...body, ...this.#stamp(request) };
      return [{ topic: `${topic}/accepted`, body: answer, isForRequester: true }, ...notices];
    } catch (error) {
      if (!(error instanceof JobError)) throw error;
      const { code, message, executionState } = error;
      const body = { code, message, ...(executionState && { executionState }), ...this.#stamp(request) };
      return [{ topic: `${topic}/rejected`, body, isForRequester: true }];
    }
  }

  /** What a device asks, by whatever way it asks. @throws JobError */
  perform(topic: JobRequestTopic, request: JobRequest): JobOutcome {
    return this.#verbs[topic.verb]!(topic, request);
  }

  /** Queues a job for its targets. @returns what their things are told */
  create(job: NewJob): readonly ReservedAnswer[] {
    const now = this.#nowMillis();
    const order = this.store.jobCount;
    this.store.setJob({ ...job, createdMillis: now, isCanceled: false });
    return job.targets.flatMap((thingName) =>
      this.#change(thingName, () =>
        this.store.setExecution({
          jobId: job.jobId,
          thingName,
          status: 'QUEUED',
          queuedMillis: now,
          updatedMillis: now,
          versionNumber: 1,
          order,
        }),
      ),
    );
  }

  /** Takes a job back from whoever has not begun with it; with `isForced` from all that are not at an end. */
  cancel(job: Job, isForced: boolean): readonly ReservedAnswer[] {
    this.store.setJob({ ...job, isCanceled: true });
    return job.targets.flatMap((thingName) => {
      const execution = this.store.execution(thingName, job.jobId);
      if (!execution || !isPending(execution) || (execution.status === 'IN_PROGRESS' && !isForced)) return [];
      return this.#change(thingName, () => this.#set(execution, 'CANCELED', undefined));
    });
  }

  #list(thingName: string): JobOutcome {
    const { IN_PROGRESS, QUEUED } = this.#summaries(thingName);
    return { body: { inProgressJobs: IN_PROGRESS, queuedJobs: QUEUED }, notices: [] };
  }

  #describe(
    thingName: string,
    jobId: string,
    { includeJobDocument = true, ...request }: JobRequest,
  ): JobOutcome {
    const execution =
      jobId === NEXT ? this.store.next(thingName) : this.#find(thingName, jobId, request.executionNumber);
    if (!execution) return { body: {}, notices: [] };
    if (!isPending(execution))
      throw new JobError('TerminalStateReached', `The execution of job '${jobId}' is ${execution.status}`);
    const job = includeJobDocument ? this.store.job(execution.jobId) : undefined;
    return { body: { execution: executionDataOf(execution, job) }, notices: [] };
  }

  #startNext(thingName: string, { statusDetails }: JobRequest): JobOutcome {
    const next = this.store.next(thingName);
    if (!next) return { body: {}, notices: [] };
    const started = next.status === 'QUEUED' ? this.#set(next, 'IN_PROGRESS', statusDetails) : next;
    const execution = executionDataOf(started, this.store.job(next.jobId));
    return { body: { execution }, notices: [] };
  }

  #update(thingName: string, jobId: string, request: JobRequest): JobOutcome {
    const { status, statusDetails, expectedVersion } = request;
    if (jobId === NEXT) throw new JobError('InvalidRequest', 'An update names its job');
    const execution = this.#find(thingName, jobId, request.executionNumber)!;
    const state = executionStateOf(execution);
    if (status === undefined) throw new JobError('InvalidRequest', `'status' of the request is missing`);
    if (!isPending(execution))
      throw new JobError(
        'InvalidStateTransition',
        `The execution is ${execution.status}, it cannot become ${status}`,
        state,
      );
    if (expectedVersion !== undefined && expectedVersion !== execution.versionNumber)
      throw new JobError(
        'VersionMismatch',
        `The execution is at version ${execution.versionNumber}, expected was ${expectedVersion}`,
        state,
      );
    let updated = execution;
    const notices = this.#change(thingName, () => {
      updated = this.#set(execution, status, statusDetails ?? execution.statusDetails);
    });
    const body = {
      ...(request.includeJobExecutionState && { executionState: executionStateOf(updated) }),
      ...(request.includeJobDocument && { jobDocument: this.store.job(jobId)?.document ?? {} }),
    };
    return { body, notices };
  }

  #find(thingName: string, jobId: string, executionNumber: number | undefined): JobExecution {
    const execution = isExecutionNumber(executionNumber) ? this.store.execution(thingName, jobId) : undefined;
    if (!execution)
      throw new JobError('ResourceNotFound', `Thing '${thingName}' has no such execution of job '${jobId}'`);
    return execution;
  }

  #set(
    execution: JobExecution,
    status: ExecutionState,
    statusDetails: Readonly<Record<string, string>> | undefined,
  ): JobExecution {
    const now = this.#nowMillis();
    const { statusDetails: _, ...rest } = execution;
    const updated: JobExecution = {
      ...rest,
      status,
      ...(statusDetails && { statusDetails }),
      ...(status === 'IN_PROGRESS' && { startedMillis: execution.startedMillis ?? now }),
      updatedMillis: now,
      versionNumber: execution.versionNumber + 1,
    };
    this.store.setExecution(updated);
    return updated;
  }

  /** Tells of another list of what is to do, and of another job that comes next (jobs-mqtt-api, notifications). */
  #change(thingName: string, change: () => void): readonly ReservedAnswer[] {
    const before = { count: this.store.pending(thingName).length, next: this.store.next(thingName)?.jobId };
    change();
    const timestamp = secondsOf(this.#nowMillis());
    const next = this.store.next(thingName);
    const topic = `$aws/things/${thingName}/jobs/notify`;
    const notices: ReservedAnswer[] = [];
    if (this.store.pending(thingName).length !== before.count)
      notices.push({ topic, body: { timestamp, jobs: withoutEmpty(this.#summaries(thingName)) } });
    if (next?.jobId !== before.next) {
      const execution = next && executionDataOf(next, this.store.job(next.jobId));
      notices.push({ topic: `${topic}-next`, body: { timestamp, ...(execution && { execution }) } });
    }
    return notices;
  }

  #summaries(thingName: string): { IN_PROGRESS: JsonObject[]; QUEUED: JsonObject[] } {
    const pending = this.store.pending(thingName);
    const of = (wanted: ExecutionState): JsonObject[] =>
      pending.filter(({ status }) => status === wanted).map(executionSummaryOf);
    return { IN_PROGRESS: of('IN_PROGRESS'), QUEUED: of('QUEUED') };
  }

  #stamp({ clientToken }: JobRequest): JsonObject {
    const timestamp = secondsOf(this.#nowMillis());
    return clientToken === undefined ? { timestamp } : { timestamp, clientToken };
  }
}

function withoutEmpty(lists: Readonly<Record<string, readonly JsonValue[]>>): JsonObject {
  return Object.fromEntries(Object.entries(lists).filter(([, list]) => list.length > 0));
}
