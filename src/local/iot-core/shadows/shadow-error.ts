import { LocalError } from '../../local-error.ts';

/** What the shadow service refuses, with its code (AWS IoT developer guide, device-shadow-error-messages). */
export class ShadowError extends LocalError {
  override name = 'ShadowError';
  readonly code: number;

  constructor(code: number, message: string) {
    super(message);
    this.code = code;
  }
}
