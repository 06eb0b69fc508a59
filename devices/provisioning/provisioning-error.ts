import { DeviceError } from '../device-error.ts';

/** A device cannot be provisioned, or what was provisioned cannot be read. */
export class ProvisioningError extends DeviceError {
  override readonly name: string = 'ProvisioningError';
}

/** Nothing can be asked of the registry: nobody listens there, or nobody there knows who asks. */
export class RegistryUnreachableError extends ProvisioningError {
  override readonly name = 'RegistryUnreachableError';
}

/** Fleet provisioning says no to a claim. */
export class ClaimRefusedError extends ProvisioningError {
  override readonly name = 'ClaimRefusedError';
  /** The service's word for why, `AccessDenied` for example. */
  readonly errorCode: string;

  constructor(message: string, errorCode: string) {
    super(message);
    this.errorCode = errorCode;
  }
}
