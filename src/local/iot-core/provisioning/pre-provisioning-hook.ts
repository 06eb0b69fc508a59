import { setTimeout as delay } from 'node:timers/promises';
import type { LambdaResult } from '../../lambda/lambda-function.ts';
import { ProvisioningError } from './provisioning-error.ts';
import { isJsonMap } from './template-expression.ts';

/** Runs one invocation and waits for its answer. @throws LocalError when there is no such function */
export type InvokeFunction = (functionName: string, event: string) => Promise<LambdaResult>;

/** AWS IoT developer guide, pre-provisioning-hook: what the function is told. */
export interface HookPayload {
  /** Absent where the device was not provisioned by claim. */
  readonly claimCertificateId?: string;
  readonly certificateId: string;
  readonly certificatePem: string;
  readonly templateArn: string;
  readonly clientId?: string;
  readonly parameters: Readonly<Record<string, string>>;
}

/** AWS IoT developer guide, pre-provisioning-hook: the function answers within this. */
const LIMIT_MILLIS = 5_000;

/**
 * Asks the function whether a device may be provisioned. Whatever is not a clear yes is a no.
 * @returns parameters that take the place of the device's
 * @throws ProvisioningError AccessDenied
 */
export async function askHook(
  targetArn: string,
  payload: HookPayload,
  invoke: InvokeFunction,
  limitMillis = LIMIT_MILLIS,
): Promise<Readonly<Record<string, string>>> {
  const answer = await answerOf(targetArn, payload, invoke, limitMillis);
  if (!isJsonMap(answer) || answer.allowProvisioning !== true)
    throw denied('the pre-provisioning hook does not allow it');
  const { parameterOverrides: overrides = {} } = answer;
  if (!isJsonMap(overrides) || Object.values(overrides).some((value) => typeof value !== 'string'))
    throw denied("'parameterOverrides' of the pre-provisioning hook's answer are not texts by name");
  return overrides as Record<string, string>;
}

async function answerOf(
  targetArn: string,
  payload: HookPayload,
  invoke: InvokeFunction,
  limitMillis: number,
): Promise<unknown> {
  const given = new AbortController();
  const result = await Promise.race([
    invoke(functionNameOf(targetArn), JSON.stringify(payload)),
    delay(limitMillis, undefined, { signal: given.signal }).catch(() => undefined),
  ])
    .catch((cause: Error) => {
      throw denied(`the pre-provisioning hook cannot be invoked: ${cause.message}`, cause);
    })
    .finally(() => given.abort());
  if (!result) throw denied(`the pre-provisioning hook did not answer within ${limitMillis} ms`);
  if (result.ok) return result.value;
  const { errorType, errorMessage } = result.error;
  throw denied(`the pre-provisioning hook failed with ${errorType}: ${errorMessage}`);
}

/** The name in `arn:aws:lambda:<region>:<account>:function:<name>[:<alias>]`. */
function functionNameOf(arn: string): string {
  return arn.split(':')[6] ?? arn;
}

function denied(reason: string, cause?: Error): ProvisioningError {
  return new ProvisioningError('AccessDenied', `Cannot provision: ${reason}`, { cause });
}
