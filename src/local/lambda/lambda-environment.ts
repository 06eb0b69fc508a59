import { randomBytes } from 'node:crypto';
import { devNull } from 'node:os';
import type { LambdaFunction } from './lambda-function.ts';

export interface EnvironmentOptions {
  readonly region: string;
  readonly endpoints: { readonly aws: string; readonly dynamodb?: string };
  readonly environment?: Readonly<Record<string, string>>;
}

/**
 * The environment variables of one execution environment: the stack's own, those Lambda defines (Lambda developer guide,
 * "Defined runtime environment variables"), and those that keep the SDK on this machine. Nothing of the user's shell or
 * AWS profile gets in, so that no handler can reach a real account by accident.
 */
export function lambdaEnvironment(
  lambda: LambdaFunction,
  options: EnvironmentOptions,
): Record<string, string> {
  const { aws, dynamodb } = options.endpoints;
  return {
    ...lambda.environment,
    ...options.environment,
    _HANDLER: `${lambda.name}.${lambda.export}`,
    AWS_EXECUTION_ENV: 'AWS_Lambda_nodejs24.x',
    AWS_LAMBDA_FUNCTION_NAME: lambda.name,
    AWS_LAMBDA_FUNCTION_MEMORY_SIZE: String(lambda.memoryMegabytes),
    AWS_LAMBDA_FUNCTION_VERSION: '$LATEST',
    AWS_LAMBDA_INITIALIZATION_TYPE: 'on-demand',
    AWS_LAMBDA_LOG_GROUP_NAME: `/aws/lambda/${lambda.name}`,
    AWS_LAMBDA_LOG_STREAM_NAME: logStreamName(),
    AWS_REGION: options.region,
    AWS_DEFAULT_REGION: options.region,
    AWS_ACCESS_KEY_ID: 'local',
    AWS_SECRET_ACCESS_KEY: 'local',
    AWS_SESSION_TOKEN: 'local',
    AWS_CONFIG_FILE: devNull,
    AWS_SHARED_CREDENTIALS_FILE: devNull,
    AWS_EC2_METADATA_DISABLED: 'true',
    AWS_ENDPOINT_URL: aws,
    ...(dynamodb === undefined ? {} : { AWS_ENDPOINT_URL_DYNAMODB: dynamodb }),
    LANG: 'en_US.UTF-8',
    TZ: ':UTC',
  };
}

function logStreamName(): string {
  const date = new Date().toISOString().slice(0, 10).replaceAll('-', '/');
  return `${date}/[$LATEST]${randomBytes(16).toString('hex')}`;
}
