import { LocalError } from '../../local-error.ts';

/** A certificate signing request that no certificate is made for. */
export class CertificateRequestError extends LocalError {
  override name = 'CertificateRequestError';
}
