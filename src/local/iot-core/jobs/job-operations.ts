import type { JsonValue } from '../../../iot-sql/index.ts';
import type { RestOperation } from '../../aws-endpoint/aws-endpoint-rest.ts';
import type { Shape } from '../../aws-endpoint/aws-endpoint-shape.ts';
import type { DeviceRegistry } from '../registry/device-registry.ts';
import { iotArn } from '../registry/iot-arns.ts';
import { found, registryError } from '../registry/registry-error.ts';
import type { ReservedAnswer } from '../reserved-topics.ts';
import type { JobService } from './job-service.ts';
import { isPending, type Job } from './job-store.ts';

export interface JobOperationsOptions {
  readonly registry: DeviceRegistry;
  readonly jobs: JobService;
  /** Hands over what things are told; resolves once that, and the change, is durable. */
  readonly tell: (answers: readonly ReservedAnswer[]) => Promise<void>;
}

interface CreateJobInput {
  readonly jobId: string;
  readonly targets: readonly string[];
  readonly document: string;
  readonly description?: string;
}

const jobId: Shape = {
  type: 'string',
  required: true,
  minLength: 1,
  maxLength: 64,
  pattern: /^[a-zA-Z0-9_-]+$/,
};

/** Jobs at the control plane (AWS IoT API reference: CreateJob, DescribeJob, CancelJob); targets are things. */
export function jobOperations({ registry, jobs, tell }: JobOperationsOptions): RestOperation[] {
  const arnOf = (id: string): string => iotArn(registry.place, 'job', id);
  const described = ({ jobId, description }: Pick<Job, 'jobId' | 'description'>) => ({
    jobArn: arnOf(jobId),
    jobId,
    ...(description !== undefined && { description }),
  });
  const get = (id: string): Job => found(jobs.store.job(id), `Job '${id}'`);
  return [
    {
      name: 'CreateJob',
      method: 'PUT',
      path: '/jobs/{jobId}',
      input: {
        jobId,
        targets: { type: 'list', of: { type: 'string' }, required: true, minLength: 1, maxLength: 100 },
        document: { type: 'string', required: true, minLength: 1, maxLength: 32_768 },
        description: { type: 'string', maxLength: 2028 },
      },
      run: async ({ targets, document, ...rest }: CreateJobInput) => {
        if (jobs.store.job(rest.jobId))
          throw registryError('ResourceAlreadyExistsException', `Job '${rest.jobId}' already exists`);
        const names = [...new Set(targets)].map((arn) => thingOf(arn, registry));
        await tell(jobs.create({ ...rest, targets: names, document: parseDocument(document) }));
        return described(rest);
      },
    },
    {
      name: 'DescribeJob',
      method: 'GET',
      path: '/jobs/{jobId}',
      input: { jobId },
      run: async ({ jobId: id }: { jobId: string }) => {
        const job = get(id);
        const targets = job.targets.map((name) => iotArn(registry.place, 'thing', name));
        const createdAt = new Date(job.createdMillis);
        return { job: { ...described(job), targets, status: statusOf(job, jobs), createdAt } };
      },
    },
    {
      name: 'CancelJob',
      method: 'PUT',
      path: '/jobs/{jobId}/cancel',
      query: { force: 'force' },
      input: { jobId, force: { type: 'boolean' } },
      run: async ({ jobId: id, force = false }: { jobId: string; force?: boolean }) => {
        const job = get(id);
        await tell(jobs.cancel(job, force));
        return described(job);
      },
    },
  ];
}

function statusOf({ jobId, targets, isCanceled }: Job, { store }: JobService): string {
  if (isCanceled) return 'CANCELED';
  const isOpen = targets.some((name) => {
    const execution = store.execution(name, jobId);
    return execution !== undefined && isPending(execution);
  });
  return isOpen ? 'IN_PROGRESS' : 'COMPLETED';
}

function thingOf(arn: string, registry: DeviceRegistry): string {
  const prefix = iotArn(registry.place, 'thing', '');
  if (!arn.startsWith(prefix))
    throw registryError('InvalidRequestException', `The target '${arn}' is not a thing of this account`);
  return registry.things.get(arn.slice(prefix.length)).thingName;
}

function parseDocument(text: string): JsonValue {
  try {
    return JSON.parse(text) as JsonValue;
  } catch {
    throw registryError('InvalidRequestException', 'The job document is not JSON');
  }
}
