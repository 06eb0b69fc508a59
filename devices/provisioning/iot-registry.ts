import {
  AttachPolicyCommand,
  AttachThingPrincipalCommand,
  type CertificateStatus,
  CreateCertificateFromCsrCommand,
  CreateKeysAndCertificateCommand,
  CreateThingCommand,
  CreateThingTypeCommand,
  DescribeCertificateCommand,
  DescribeEndpointCommand,
  DescribeThingCommand,
  DetachPolicyCommand,
  DetachThingPrincipalCommand,
  GetPolicyCommand,
  IoTClient,
  ListPrincipalThingsCommand,
  paginateListAttachedPolicies,
  paginateListCertificates,
  paginateListTargetsForPolicy,
  paginateListThingPrincipals,
  UpdateCertificateCommand,
  UpdateThingCommand,
} from '@aws-sdk/client-iot';
import { NodeHttpHandler } from '@smithy/node-http-handler';
import type { DeviceSpec } from './device-list.ts';
import { RegistryUnreachableError } from './provisioning-error.ts';

/** Where the registry is. Without an endpoint it is AWS, as the environment has it. */
export interface RegistryPlace {
  readonly endpoint?: string;
  /** Requests on their way at the same time. */
  readonly parallel?: number;
  /** What to do when nothing listens there. */
  readonly advice?: string;
}

/** What the registry says of a certificate. */
export interface RegisteredCertificate {
  readonly certificateId: string;
  readonly arn: string;
  readonly status: CertificateStatus;
  readonly notAfterMillis: number | undefined;
}

/** A new certificate with the only copy of its key. */
export interface NewCertificate {
  readonly certificateId: string;
  readonly certificatePem: string;
  readonly privateKeyPem: string;
}

/** The endpoint of the runtime on this machine, which knows nobody's credentials. */
export const LOCAL_ENDPOINT = 'http://127.0.0.1:4566';
const LOCAL_SETTINGS = {
  region: 'us-east-1',
  credentials: { accessKeyId: 'local', secretAccessKey: 'local' },
};
/** The control plane takes few calls a second, so a fleet is throttled often (AWS IoT Core endpoints and quotas). */
const ATTEMPTS = 12;
/** AWS IoT API reference, ListTargetsForPolicy: the most on one page. */
const MAX_PAGE = 250;
/** More would be many minutes of another tool's certificates. */
const MAX_RECENT = 1000;
const DEVICE_PORT = 8883;
const ADVICE =
  'start the pipeline with "mesonet start", give its AWS endpoint with --url, or mean AWS with --aws';
const NOT_LET_IN: ReadonlySet<string> = new Set([
  'AccessDeniedException',
  'CredentialsProviderError',
  'ExpiredTokenException',
  'TimeoutError',
  'UnrecognizedClientException',
]);

/**
 * Things, certificates and policies, in AWS IoT or on the runtime, by the same calls of the SDK (AWS IoT API reference, control
 * plane). Throttled calls are made again, ever more slowly, and all others slow down with them.
 */
export class IotRegistry {
  /** For people. */
  readonly name: string;
  readonly #client: IoTClient;

  constructor({ endpoint, parallel = 8, advice = ADVICE }: RegistryPlace) {
    this.name = endpoint ?? 'AWS IoT';
    this.#client = new IoTClient({
      ...(endpoint !== undefined && { endpoint, ...LOCAL_SETTINGS }),
      maxAttempts: ATTEMPTS,
      retryMode: 'adaptive',
      requestHandler: new NodeHttpHandler({
        connectionTimeout: 3_000,
        requestTimeout: 15_000,
        httpAgent: { keepAlive: true, maxSockets: parallel },
        httpsAgent: { keepAlive: true, maxSockets: parallel },
      }),
    });
    this.#failAtOnceWhenRefused(advice);
  }

  /** Nothing that listens does not come with waiting; without this the SDK would ask again for most of a minute. */
  #failAtOnceWhenRefused(advice: string): void {
    const { name } = this;
    this.#client.middlewareStack.add(
      (next) => async (args) => {
        try {
          return await next(args);
        } catch (cause) {
          if ((cause as NodeJS.ErrnoException).code !== 'ECONNREFUSED') throw cause;
          // Without the cause, by which the SDK would take it for one that passes.
          throw new RegistryUnreachableError(`Cannot reach ${name}: nothing listens there; ${advice}`);
        }
      },
      { step: 'deserialize', priority: 'low', name: 'failAtOnceWhenRefused' },
    );
  }

  close(): void {
    this.#client.destroy();
  }

  /** Where devices connect: `mqtts://host:port`. */
  async deviceUrl(): Promise<string> {
    const command = new DescribeEndpointCommand({ endpointType: 'iot:Data-ATS' });
    const { endpointAddress } = await this.#ask(() => this.#client.send(command));
    const hasPort = /:\d+$/.test(endpointAddress!);
    return `mqtts://${endpointAddress}${hasPort ? '' : `:${DEVICE_PORT}`}`;
  }

  /** Undefined when there is no such policy. */
  async policy(policyName: string): Promise<{ readonly arn: string; readonly document: string } | undefined> {
    const found = await this.#find(() => this.#client.send(new GetPolicyCommand({ policyName })));
    return found && { arn: found.policyArn!, document: found.policyDocument! };
  }

  /** Makes the thing, or makes it what is wanted; attributes that are not spoken of stay as they are. */
  async ensureThing(spec: DeviceSpec): Promise<'made' | 'known' | 'changed'> {
    const { thingName, typeName: thingTypeName, attributes } = spec;
    const known = await this.#find(() => this.#client.send(new DescribeThingCommand({ thingName })));
    if (known && isAsWanted(known, spec)) return 'known';
    if (thingTypeName !== undefined)
      await this.#ask(() => this.#client.send(new CreateThingTypeCommand({ thingTypeName })));
    const wanted = { thingName, thingTypeName, attributePayload: { attributes: { ...attributes } } };
    if (!known) {
      await this.#ask(() => this.#client.send(new CreateThingCommand(wanted)));
      return 'made';
    }
    const attributePayload = { ...wanted.attributePayload, merge: true };
    const update = new UpdateThingCommand({ ...wanted, attributePayload, expectedVersion: known.version });
    await this.#ask(() => this.#client.send(update));
    return 'changed';
  }

  /** Makes a thing without attributes; one that is there already stays as it is. */
  async createThing(thingName: string): Promise<void> {
    const made = this.#ask(() => this.#client.send(new CreateThingCommand({ thingName })));
    await made.catch((error: Error) => {
      if (error.name !== 'ResourceAlreadyExistsException') throw error;
    });
  }

  /** Undefined when there is no such thing. */
  async thing(thingName: string): Promise<DeviceSpec | undefined> {
    const found = await this.#find(() => this.#client.send(new DescribeThingCommand({ thingName })));
    if (!found) return undefined;
    const { thingTypeName, attributes = {} } = found;
    return { thingName, attributes, ...(thingTypeName !== undefined && { typeName: thingTypeName }) };
  }

  /** Inactive: nobody can come in with it before all else is done. */
  async createCertificate(): Promise<NewCertificate> {
    const command = new CreateKeysAndCertificateCommand({ setAsActive: false });
    const { certificateId, certificatePem, keyPair } = await this.#ask(() => this.#client.send(command));
    return {
      certificateId: certificateId!,
      certificatePem: certificatePem!,
      privateKeyPem: keyPair!.PrivateKey!,
    };
  }

  /** Active, for a key that is somebody else's; without a policy it lets nobody in yet. */
  async createCertificateFromRequest(certificateSigningRequest: string) {
    const command = new CreateCertificateFromCsrCommand({ certificateSigningRequest, setAsActive: true });
    const made = await this.#ask(() => this.#client.send(command));
    return {
      certificateId: made.certificateId!,
      certificatePem: made.certificatePem!,
      arn: made.certificateArn!,
    };
  }

  /** Undefined when it is not registered. */
  async certificate(certificateId: string): Promise<RegisteredCertificate | undefined> {
    const command = new DescribeCertificateCommand({ certificateId });
    const found = (await this.#find(() => this.#client.send(command)))?.certificateDescription;
    return (
      found && {
        certificateId,
        arn: found.certificateArn!,
        status: found.status!,
        notAfterMillis: found.validity?.notAfter?.getTime(),
      }
    );
  }

  async setStatus(certificateId: string, newStatus: 'ACTIVE' | 'INACTIVE' | 'REVOKED'): Promise<void> {
    await this.#ask(() => this.#client.send(new UpdateCertificateCommand({ certificateId, newStatus })));
  }

  async attachThing(thingName: string, principal: string): Promise<void> {
    await this.#ask(() => this.#client.send(new AttachThingPrincipalCommand({ thingName, principal })));
  }

  async detachThing(thingName: string, principal: string): Promise<void> {
    await this.#find(() => this.#client.send(new DetachThingPrincipalCommand({ thingName, principal })));
  }

  async attachPolicy(policyName: string, target: string): Promise<void> {
    await this.#ask(() => this.#client.send(new AttachPolicyCommand({ policyName, target })));
  }

  async detachPolicy(policyName: string, target: string): Promise<void> {
    await this.#find(() => this.#client.send(new DetachPolicyCommand({ policyName, target })));
  }

  /** Certificates that a thing has; none when there is no such thing. */
  async certificatesOf(thingName: string): Promise<RegisteredCertificate[]> {
    const pages = paginateListThingPrincipals({ client: this.#client }, { thingName });
    const arns = (await this.#find(() => collect(pages, ({ principals }) => principals))) ?? [];
    const found = await Promise.all(arns.flatMap((arn) => idOf(arn)).map((id) => this.certificate(id)));
    return found.flatMap((each) => each ?? []);
  }

  /** Names of the things that a certificate is attached to. */
  async thingsOf(principal: string): Promise<string[]> {
    const command = new ListPrincipalThingsCommand({ principal });
    return (await this.#find(() => this.#client.send(command)))?.things ?? [];
  }

  /** Names of the policies that are attached to a certificate itself. */
  async policiesOf(target: string): Promise<string[]> {
    const pages = paginateListAttachedPolicies({ client: this.#client }, { target });
    const found = (await this.#find(() => collect(pages, ({ policies }) => policies))) ?? [];
    return found.map(({ policyName }) => policyName!);
  }

  /** Ids of the certificates that a policy is attached to. */
  async targetsOf(policyName: string): Promise<string[]> {
    const paging = { client: this.#client, pageSize: MAX_PAGE };
    const pages = paginateListTargetsForPolicy(paging, { policyName });
    return ((await this.#find(() => collect(pages, ({ targets }) => targets))) ?? []).flatMap(idOf);
  }

  /** Ids of inactive certificates made since then that belong to no thing and have no policy, newest first. */
  async unusedSince(sinceMillis: number): Promise<string[]> {
    const unused: string[] = [];
    let seen = 0;
    const client = this.#client;
    for await (const { certificates = [] } of paginateListCertificates({ client, pageSize: 100 }, {})) {
      for (const { certificateId, certificateArn, status, creationDate } of certificates) {
        if (creationDate!.getTime() < sinceMillis || ++seen > MAX_RECENT) return unused;
        if (status === 'INACTIVE' && (await this.#isLoose(certificateArn!))) unused.push(certificateId!);
      }
    }
    return unused;
  }

  async #isLoose(arn: string): Promise<boolean> {
    return (await this.thingsOf(arn)).length === 0 && (await this.policiesOf(arn)).length === 0;
  }

  /** @returns undefined for what does not exist */
  async #find<Value>(call: () => Promise<Value>): Promise<Value | undefined> {
    return this.#ask(call).catch((error: Error) => {
      if (error.name === 'ResourceNotFoundException') return undefined;
      throw error;
    });
  }

  async #ask<Value>(call: () => Promise<Value>): Promise<Value> {
    try {
      return await call();
    } catch (cause) {
      const problem = problemOf(cause as Error & { code?: string });
      if (problem === undefined) throw cause;
      throw new RegistryUnreachableError(`Cannot reach ${this.name}: ${problem}`, { cause });
    }
  }
}

/** Problems of the way there and of who asks, which no other device would fare better with. */
function problemOf({ name, code, message }: Error & { code?: string }): string | undefined {
  const isOfTheWay = code !== undefined && /^E[A-Z_]+$/.test(code);
  return isOfTheWay || NOT_LET_IN.has(name) || message === 'Region is missing' ? message : undefined;
}

async function collect<Page, Item>(
  pages: AsyncIterable<Page>,
  itemsOf: (page: Page) => readonly Item[] | undefined,
): Promise<Item[]> {
  const items: Item[] = [];
  for await (const page of pages) items.push(...(itemsOf(page) ?? []));
  return items;
}

/** Principals that are no certificates have none. */
function idOf(arn: string): string[] {
  const found = /:cert\/([\da-f]{64})$/.exec(arn);
  return found ? [found[1]!] : [];
}

function isAsWanted(
  known: {
    readonly thingTypeName?: string | undefined;
    readonly attributes?: Record<string, string> | undefined;
  },
  { typeName, attributes }: DeviceSpec,
): boolean {
  const have = new Map(Object.entries(known.attributes ?? {}));
  return (
    (typeName === undefined || typeName === known.thingTypeName) &&
    Object.entries(attributes).every(([name, value]) => have.get(name) === value)
  );
}
