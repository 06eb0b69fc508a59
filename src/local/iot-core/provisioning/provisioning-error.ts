import { LocalError } from '../../local-error.ts';

/** A provisioning template that is none; the message names the place in it. */
export class ProvisioningTemplateError extends LocalError {
  override name = 'ProvisioningTemplateError';
}

/** AWS IoT developer guide, fleet-provision-api: the status code that goes with each error code of a rejected document. */
const STATUS_CODES = {
  AccessDenied: 403,
  InternalFailure: 500,
  InvalidCertificateOwnershipToken: 400,
  InvalidCsr: 400,
  InvalidParameters: 400,
  InvalidPayload: 400,
  ResourceConflict: 409,
  ResourceNotFound: 404,
  Throttling: 429,
} as const;

export type ProvisioningErrorCode = keyof typeof STATUS_CODES;

/** What fleet provisioning refuses a device. */
export class ProvisioningError extends LocalError {
  override name = 'ProvisioningError';
  readonly code: ProvisioningErrorCode;

  constructor(code: ProvisioningErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }

  get statusCode(): number {
    return STATUS_CODES[this.code];
  }
}
