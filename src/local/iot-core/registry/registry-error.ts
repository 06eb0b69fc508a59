import { AwsError } from '../../aws-endpoint/aws-endpoint-error.ts';

/** AWS IoT API reference, errors: the HTTP status of each. */
const STATUS_CODES = {
  CertificateStateException: 406,
  CertificateValidationException: 400,
  ConflictingResourceUpdateException: 409,
  DeleteConflictException: 409,
  InvalidRequestException: 400,
  LimitExceededException: 410,
  MalformedPolicyException: 400,
  RegistrationCodeValidationException: 400,
  ResourceAlreadyExistsException: 409,
  ResourceNotFoundException: 404,
  VersionConflictException: 409,
  VersionsLimitExceededException: 409,
} as const;

/** What the registry refuses, by AWS's names. */
export function registryError(name: keyof typeof STATUS_CODES, message: string): AwsError {
  return new AwsError(name, message, STATUS_CODES[name]);
}

/** @throws ResourceNotFoundException when there is nothing */
export function found<Value>(value: Value | undefined, what: string): Value {
  if (value === undefined) throw registryError('ResourceNotFoundException', `${what} does not exist`);
  return value;
}
