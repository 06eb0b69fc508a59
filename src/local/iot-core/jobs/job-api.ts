import type { JsonObject } from '../../../iot-sql/index.ts';
import { AwsError } from '../../aws-endpoint/aws-endpoint-error.ts';
import type { DataPlaneOperation, DataPlaneRequest } from '../data-plane.ts';
import type { JobRequestTopic, ReservedAnswer } from '../reserved-topics.ts';
import { JobError, type JobErrorCode } from './job-error.ts';
import { type JobRequest, parseJobRequest } from './job-request.ts';
import type { JobService } from './job-service.ts';

export interface JobApiOptions {
  readonly jobs: JobService;
  /** Hands over what goes to the reserved topics; resolves once that, and the change, is durable. */
  readonly tell: (answers: readonly ReservedAnswer[]) => Promise<void>;
}

const THING_NAME = /^[a-zA-Z0-9:_-]{1,128}$/;
const JOB_ID = /^([a-zA-Z0-9_-]{1,64}|\$next)$/;
const OF_THING = /^\/things\/([^/]+)\/jobs$/;
const OF_NEXT = /^\/things\/([^/]+)\/jobs\/(?:\$|%24)next$/;
/** The label is the thing and the job, with a slash between. */
const OF_JOB = /^\/things\/([^/]+\/jobs\/[^/]+)$/;

/** The jobs of one device over HTTPS (AWS IoT API reference, AWS IoT jobs data). */
export function jobExecutionOperations({ jobs, tell }: JobApiOptions): DataPlaneOperation[] {
  const perform = async (topic: JobRequestTopic, request: JobRequest): Promise<JsonObject> => {
    const { body, notices } = refusing(() => jobs.perform(topic, request));
    await tell(notices);
    return body;
  };
  return [
    {
      name: 'GetPendingJobExecutions',
      method: 'GET',
      path: OF_THING,
      permissions: onThing('iot:GetPendingJobExecutions'),
      run: ({ label }) => perform({ thingName: thingOf(label), jobId: undefined, verb: 'get' }, {}),
    },
    {
      name: 'StartNextPendingJobExecution',
      method: 'PUT',
      path: OF_NEXT,
      permissions: onThing('iot:StartNextPendingJobExecution'),
      run: async ({ label, body }) => {
        const topic = { thingName: thingOf(label), jobId: undefined, verb: 'start-next' } as const;
        return withTextDocument(
          await perform(
            topic,
            refusing(() => parseJobRequest(body)),
          ),
        );
      },
    },
    {
      name: 'DescribeJobExecution',
      method: 'GET',
      path: OF_JOB,
      permissions: onThing('iot:DescribeJobExecution'),
      run: async (request) =>
        withTextDocument(await perform({ ...jobOf(request), verb: 'get' }, describeRequest(request))),
    },
    {
      name: 'UpdateJobExecution',
      method: 'POST',
      path: OF_JOB,
      permissions: onThing('iot:UpdateJobExecution'),
      run: async (request) => {
        const { jobDocument, ...rest } = await perform(
          { ...jobOf(request), verb: 'update' },
          refusing(() => parseJobRequest(request.body)),
        );
        return jobDocument === undefined ? rest : { ...rest, jobDocument: JSON.stringify(jobDocument) };
      },
    },
  ];
}

function onThing(action: string): DataPlaneOperation['permissions'] {
  return ({ label }) => [{ action, resource: `thing/${label.split('/', 1)[0]}` }];
}

function thingOf(label: string): string {
  if (!THING_NAME.test(label)) throw new AwsError('InvalidRequestException', 'Invalid thing name');
  return label;
}

/** More slashes than the one between are part of neither name, and refused. */
function jobOf({ label }: DataPlaneRequest): { thingName: string; jobId: string } {
  const [thingName = '', jobs, jobId = '', more] = label.split('/');
  if (jobs !== 'jobs' || more !== undefined || !JOB_ID.test(jobId))
    throw new AwsError('InvalidRequestException', 'Invalid job id');
  return { thingName: thingOf(thingName), jobId };
}

function describeRequest({ query }: DataPlaneRequest): JobRequest {
  const number = query.get('executionNumber');
  if (number !== null && !/^\d{1,15}$/.test(number))
    throw new AwsError('InvalidRequestException', 'Invalid execution number');
  return {
    includeJobDocument: query.get('includeJobDocument') === 'true',
    ...(number !== null && { executionNumber: Number(number) }),
  };
}

/** Over HTTPS a document is a text, over MQTT it is itself (AWS IoT developer guide, jobs-mqtt-https-api). */
function withTextDocument(body: JsonObject): JsonObject {
  const { execution } = body as { readonly execution?: JsonObject };
  if (execution?.jobDocument === undefined) return body;
  return { execution: { ...execution, jobDocument: JSON.stringify(execution.jobDocument) } };
}

/** AWS IoT API reference, errors of AWS IoT jobs data; it has none for a version that is not the expected one. */
const ERRORS: Readonly<Record<JobErrorCode, readonly [string, number]>> = {
  InvalidJson: ['InvalidRequestException', 400],
  InvalidRequest: ['InvalidRequestException', 400],
  InvalidStateTransition: ['InvalidStateTransitionException', 409],
  ResourceNotFound: ['ResourceNotFoundException', 404],
  TerminalStateReached: ['TerminalStateException', 410],
  VersionMismatch: ['InvalidStateTransitionException', 409],
};

function refusing<Value>(call: () => Value): Value {
  try {
    return call();
  } catch (error) {
    if (!(error instanceof JobError)) throw error;
    const [name, status] = ERRORS[error.code];
    throw new AwsError(name, error.message, status);
  }
}
