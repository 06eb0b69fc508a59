import type { JsonValue } from '../../iot-sql/index.ts';
import { isProvisioningRequest } from './provisioning/provisioning-topics.ts';

/** A publish to a topic that a service of IoT Core listens on. */
export interface ReservedRequest {
  readonly topic: string;
  readonly payload: Buffer;
  /** Absent for what did not come over MQTT. */
  readonly clientId: string | undefined;
  /** Id of the certificate that the client connected with. */
  readonly principal?: string | undefined;
}

/** A message by which a service answers, or tells whoever listens. */
export interface ReservedAnswer {
  readonly topic: string;
  readonly body: JsonValue;
  /** What is sent in place of the body's JSON. */
  readonly payload?: Buffer;
  /** It goes to the connection that asked, whatever that has subscribed to, and to nobody else. */
  readonly isForRequester?: boolean;
}

/** A service of IoT Core that devices speak with over reserved topics, such as the shadows. */
export interface ReservedTopicService {
  /** Buffers what the request changes, and says what goes out once that is durable; undefined for others' requests. */
  answer(request: ReservedRequest): readonly ReservedAnswer[] | undefined;
}

/** Which thing a request is about, and what it asks for. */
export interface ShadowRequestTopic {
  readonly thingName: string;
  /** Undefined for the classic shadow. */
  readonly shadowName: string | undefined;
  readonly verb: 'get' | 'update' | 'delete';
}

export interface JobRequestTopic {
  readonly thingName: string;
  /** Undefined where the topic names no job. */
  readonly jobId: string | undefined;
  readonly verb: 'get' | 'start-next' | 'update';
}

/** AWS IoT API reference, CreateThing (thingName), UpdateThingShadow (shadowName) and CreateJob (jobId). */
const THING = '([a-zA-Z0-9:_-]{1,128})';
const SHADOW_NAME = '[$a-zA-Z0-9:_-]{1,64}';
const JOB_ID = '[a-zA-Z0-9_-]{1,64}';

const SHADOW_REQUEST = new RegExp(
  `^\\$aws/things/${THING}/shadow(?:/name/(${SHADOW_NAME}))?/(get|update|delete)$`,
);
const JOB_REQUEST = new RegExp(
  `^\\$aws/things/${THING}/jobs/(?:(get|start-next)|(${JOB_ID}|\\$next)/(get|update))$`,
);

/** AWS IoT developer guide, reserved-topics, shadow topics: what devices publish to; undefined for any other topic. */
export function parseShadowRequest(topic: string): ShadowRequestTopic | undefined {
  const [, thingName, shadowName, verb] = SHADOW_REQUEST.exec(topic) ?? [];
  if (thingName === undefined) return undefined;
  return { thingName, shadowName, verb: verb as ShadowRequestTopic['verb'] };
}

/** AWS IoT developer guide, reserved-topics, job topics: what devices publish to; undefined for any other topic. */
export function parseJobRequest(topic: string): JobRequestTopic | undefined {
  const [, thingName, ofThing, jobId, ofJob] = JOB_REQUEST.exec(topic) ?? [];
  if (thingName === undefined) return undefined;
  return { thingName, jobId, verb: (ofThing ?? ofJob) as JobRequestTopic['verb'] };
}

/** May a client publish to this topic because a service listens there? */
export function isReservedRequest(topic: string): boolean {
  if (!topic.startsWith('$aws/')) return false;
  return topic.startsWith('$aws/things/')
    ? SHADOW_REQUEST.test(topic) || JOB_REQUEST.test(topic)
    : isProvisioningRequest(topic);
}
