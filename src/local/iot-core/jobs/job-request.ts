import type { JsonObject, JsonValue } from '../../../iot-sql/index.ts';
import { isJsonObject, ownValue } from '../shadows/shadow-json.ts';
import { JobError } from './job-error.ts';

/** States that a device may report. */
export const REPORTED_STATES = ['IN_PROGRESS', 'FAILED', 'SUCCEEDED', 'REJECTED'] as const;
export type ReportedState = (typeof REPORTED_STATES)[number];

/** What a device may say in a request about jobs; which members count depends on the topic. */
export interface JobRequest {
  readonly clientToken?: string;
  readonly status?: ReportedState;
  readonly statusDetails?: Readonly<Record<string, string>>;
  readonly expectedVersion?: number;
  readonly executionNumber?: number;
  readonly includeJobDocument?: boolean;
  readonly includeJobExecutionState?: boolean;
}

/** AWS IoT API reference, UpdateJobExecution, statusDetails. */
const MAX_DETAILS = 10;
const MAX_DETAIL_NAME = 128;
const MAX_DETAIL_VALUE = 1024;
const MAX_TOKEN_BYTES = 64;

type Check = (value: JsonValue) => boolean;

const isNumber: Check = (value) => Number.isSafeInteger(value);
const isBoolean: Check = (value) => typeof value === 'boolean';

const MEMBERS: Readonly<Record<string, Check>> = {
  clientToken: (value) => typeof value === 'string' && Buffer.byteLength(value) <= MAX_TOKEN_BYTES,
  status: (value) => REPORTED_STATES.includes(value as ReportedState),
  statusDetails: isDetails,
  expectedVersion: isNumber,
  executionNumber: isNumber,
  includeJobDocument: isBoolean,
  includeJobExecutionState: isBoolean,
  // Without a timer only the value that takes a timer away can be obeyed.
  stepTimeoutInMinutes: (value) => value === -1,
};

/** An empty payload is an empty request. @throws JobError InvalidJson or InvalidRequest */
export function parseJobRequest(payload: Uint8Array): JobRequest {
  const json = payload.length === 0 ? {} : parseObject(payload);
  const request: Record<string, JsonValue> = {};
  for (const [name, isGood] of Object.entries(MEMBERS)) {
    const value = ownValue(json, name);
    if (value === undefined || value === null) continue;
    if (!isGood(value))
      throw new JobError('InvalidRequest', `'${name}' of the request is not valid or not supported`);
    request[name] = value;
  }
  return request as JobRequest;
}

function parseObject(payload: Uint8Array): JsonObject {
  let json: unknown;
  try {
    json = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(payload));
  } catch {
    json = undefined;
  }
  if (!isJsonObject(json)) throw new JobError('InvalidJson', 'The request is not a JSON object in UTF-8');
  return json;
}

function isDetails(value: JsonValue): boolean {
  if (!isJsonObject(value)) return false;
  const entries = Object.entries(value);
  return (
    entries.length <= MAX_DETAILS &&
    entries.every(
      ([name, detail]) =>
        name.length <= MAX_DETAIL_NAME && typeof detail === 'string' && detail.length <= MAX_DETAIL_VALUE,
    )
  );
}
