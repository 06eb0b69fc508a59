import type { DurableLog } from '../log/durable-log.ts';
import { JobService } from './jobs/job-service.ts';
import {
  isReservedRequest,
  type ReservedAnswer,
  type ReservedRequest,
  type ReservedTopicService,
} from './reserved-topics.ts';
import { RetainedMessages } from './sessions/retained-messages.ts';
import { SessionStore } from './sessions/session-store.ts';
import { ShadowService } from './shadows/shadow-service.ts';

export interface DeviceServicesOptions {
  readonly log: DurableLog;
  readonly nowMillis: () => number;
  /** Gives devices that come with a claim their certificates. */
  readonly provisioning?: ReservedTopicService;
}

/** What IoT Core does for devices besides handing on their messages; what it keeps is on the log. */
export class DeviceServices {
  readonly shadows: ShadowService;
  readonly jobs: JobService;
  readonly retained: RetainedMessages;
  readonly sessions: SessionStore;
  readonly #services: readonly ReservedTopicService[];

  constructor(options: DeviceServicesOptions) {
    const { log, nowMillis } = options;
    this.retained = new RetainedMessages(log, nowMillis);
    this.sessions = new SessionStore(log, nowMillis);
    this.shadows = new ShadowService(options);
    this.jobs = new JobService(options);
    const { provisioning } = options;
    this.#services = [this.shadows, this.jobs, ...(provisioning ? [provisioning] : [])];
  }

  /** Buffers what a request changes, and says what goes out once that is durable; undefined when it is no request. */
  answer(request: ReservedRequest): readonly ReservedAnswer[] | undefined {
    if (!isReservedRequest(request.topic)) return undefined;
    for (const service of this.#services) {
      const answers = service.answer(request);
      if (answers) return answers;
    }
    return undefined;
  }
}
