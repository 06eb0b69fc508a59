import { createHash, randomBytes } from 'node:crypto';
import type { NamedPolicy } from '../../iot-policy/index.ts';
import type { RoleResource, Stack } from '../../stack/stack.ts';
import type { DurableLog } from '../log/durable-log.ts';
import type { Caller } from './caller.ts';
import { parseRolePolicies } from './role-policies.ts';
import {
  type RoleSession,
  type SessionCredentials,
  SessionCredentialsIssuer,
} from './session-credentials.ts';
import type { AccessKey } from './verify-request.ts';

export interface AccessKeysOptions {
  readonly stack: Pick<Stack, 'roles' | 'accountId' | 'region'>;
  readonly log: DurableLog;
  /** What the owner of the account signs with. */
  readonly ownerSecret: string;
}

/** The owner's key id, as AWS clients use it here. */
export const OWNER_KEY_ID = 'local';
const KEY_BYTES = 32;
const STATE_KEY = 'session-credentials-key';

const EVERYTHING: NamedPolicy = {
  name: 'owner',
  document: {
    statements: [
      {
        index: 0,
        sid: undefined,
        effect: 'Allow',
        actions: ['*'],
        isNotAction: false,
        resources: ['*'],
        isNotResource: false,
        conditions: [],
      },
    ],
  },
};

/** The access keys that this runtime knows: the owner's, and those that it has given out for roles of the stack. */
export class AccessKeys {
  readonly #options: AccessKeysOptions;
  readonly #issuer: SessionCredentialsIssuer;
  /** Of each role that was asked for. */
  readonly #policies = new Map<string, readonly NamedPolicy[]>();

  constructor(options: AccessKeysOptions) {
    this.#options = options;
    this.#issuer = new SessionCredentialsIssuer(keyOf(options.log));
  }

  /** Whether the session may be had has been decided. */
  issue(session: RoleSession): SessionCredentials {
    return this.#issuer.issue(session);
  }

  readonly find = (accessKeyId: string, sessionToken: string | undefined): AccessKey | undefined => {
    if (sessionToken === undefined) return accessKeyId === OWNER_KEY_ID ? this.#owner() : undefined;
    const opened = this.#issuer.open(accessKeyId, sessionToken);
    return opened && { secretAccessKey: opened.secretAccessKey, caller: this.callerOf(opened.session) };
  };

  /** Who signs with a session's credentials; a role that is gone, or that cannot be read, may do nothing. */
  callerOf(session: RoleSession): Caller {
    const { roleArn, certificateId, thingName, thingTypeName, expiresMillis } = session;
    return {
      principalId: `${roleIdOf(roleArn)}:${certificateId}`,
      policies: this.#policiesOf(roleArn),
      // AWS IoT developer guide, authorizing-direct-aws, policy variables of the access policy.
      values: {
        'credentials-iot:ThingName': thingName,
        'credentials-iot:ThingTypeName': thingTypeName,
        'credentials-iot:AwsCertificateId': certificateId,
        'aws:PrincipalArn': roleArn,
      },
      expiresMillis,
    };
  }

  #owner(): AccessKey {
    const { ownerSecret, stack } = this.#options;
    const caller = {
      principalId: stack.accountId,
      policies: [EVERYTHING],
      values: {},
      expiresMillis: undefined,
    };
    return { secretAccessKey: ownerSecret, caller };
  }

  #policiesOf(roleArn: string): readonly NamedPolicy[] {
    const known = this.#policies.get(roleArn);
    if (known) return known;
    const role = this.#options.stack.roles.find(({ arn }) => arn === roleArn);
    const policies = role ? readablePolicies(role) : [];
    this.#policies.set(roleArn, policies);
    return policies;
  }
}

function readablePolicies(role: RoleResource): readonly NamedPolicy[] {
  try {
    return parseRolePolicies(role);
  } catch {
    return [];
  }
}

/** IAM user guide, unique identifiers: `AROA` and sixteen letters. */
function roleIdOf(roleArn: string): string {
  return `AROA${createHash('sha256').update(roleArn).digest('hex').slice(0, 16).toUpperCase()}`;
}

/** One for each data folder, so that credentials outlive a restart. */
function keyOf(log: DurableLog): Uint8Array {
  const kept = log.readState(STATE_KEY);
  if (kept) return Buffer.from(kept);
  const key = randomBytes(KEY_BYTES);
  log.writeState(STATE_KEY, key);
  return key;
}
