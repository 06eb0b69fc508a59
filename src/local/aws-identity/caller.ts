import type { NamedPolicy } from '../../iot-policy/index.ts';

/** Somebody who signs requests: the owner of the account, or whoever has been given the credentials of a role. */
export interface Caller {
  /** The account's id, or the role's id and the session's name (IAM user guide, unique identifiers). */
  readonly principalId: string;
  /** Everything that it may do. */
  readonly policies: readonly NamedPolicy[];
  /** What policy variables and condition keys stand for. */
  readonly values: Readonly<Record<string, string | undefined>>;
  /** When its credentials end; undefined for those that do not. */
  readonly expiresMillis: number | undefined;
}

/** Why a request is not what it says it is, in the ledger's words: nothing that a client can choose is part of it. */
export type SignatureProblem =
  | 'request is not signed'
  | 'signature is malformed'
  | 'signature is for another service or region'
  | 'signature is outside its time'
  | 'signature does not cover the host'
  | 'signature does not cover the body'
  | 'access key is not known'
  | 'credentials have expired'
  | 'signature does not match';
