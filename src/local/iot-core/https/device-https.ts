import type { X509Certificate } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { TLSSocket } from 'node:tls';
import type { Stack } from '../../../stack/stack.ts';
import { AwsError } from '../../aws-endpoint/aws-endpoint-error.ts';
import type { AccessKeys } from '../../aws-identity/access-keys.ts';
import { signedAccess } from '../../aws-identity/api-access.ts';
import { isSigned } from '../../aws-identity/parse-signature.ts';
import { splitTarget } from '../../aws-identity/request-path.ts';
import { verifyRequest } from '../../aws-identity/verify-request.ts';
import type { HttpApi } from '../../http/http-api.ts';
import { refuse as refuseHost } from '../../http/http-guard.ts';
import type { RefusedMessage } from '../../trace/kept-messages.ts';
import type { DeviceAuthorizer, DeviceIdentity } from '../authorization/device-authorizer.ts';
import type { DataPlaneOperation } from '../data-plane.ts';
import type { DeviceRegistry } from '../registry/device-registry.ts';
import { provideCredentials } from './credential-provider.ts';
import { DataPlaneDoor } from './data-plane-door.ts';
import { certificateAccess } from './device-api.ts';
import { answerError, answerJsonText, forbidden } from './https-answer.ts';

export interface DeviceHttpsOptions {
  readonly stack: Stack;
  readonly registry: DeviceRegistry;
  readonly authorizer: DeviceAuthorizer;
  readonly keys: AccessKeys;
  readonly operations: readonly DataPlaneOperation[];
  readonly api: HttpApi;
  readonly refuse: (refused: RefusedMessage) => void;
  readonly nowMillis: () => number;
}

/** Names of AWS IoT data in the scope of a signature. */
const DATA_SERVICES = ['iotdata', 'iotdevicegateway', 'iot-jobs-data'];
const ROLE_ALIAS = /^\/role-aliases\/([\w=,@-]{1,128})\/credentials$/;
const CONNECT_FAILED = '$aws/events/presence/connect_failed/';

/**
 * What devices ask over HTTPS: AWS IoT data, credentials, and the stack's API. Who they are is said by a certificate, looked at
 * anew for each request so that one that is revoked counts no longer, or by a signature.
 */
export class DeviceHttps {
  readonly #options: DeviceHttpsOptions;
  readonly #dataPlane: DataPlaneDoor;
  readonly #certificates = new WeakMap<object, X509Certificate | undefined>();

  constructor(options: DeviceHttpsOptions) {
    this.#options = options;
    this.#dataPlane = new DataPlaneDoor(options);
  }

  readonly handle = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    // Devices set their clocks by it, and sign by them.
    response.setHeader('date', new Date(this.#options.nowMillis()).toUTCString());
    try {
      await this.#handle(request, response);
    } catch (error) {
      if (response.headersSent) response.destroy();
      else answerError(response, error, true);
    }
  };

  async #handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { headers, socket } = request;
    const foreign = refuseHost(
      { method: 'GET', headers, port: socket.localPort ?? 0 },
      { token: '', maxBodyBytes: Infinity },
    );
    if (foreign) throw new AwsError('InvalidRequestException', foreign.message, foreign.statusCode);
    const { path } = splitTarget(request.url ?? '/');
    const certificate = isSigned(headers) ? undefined : this.#certificateOf(request);
    // Without either, nothing of the body is read.
    if (typeof certificate === 'string') throw this.#unknown(certificate);
    if (this.#dataPlane.has(path)) {
      await this.#dataPlane.handle(
        request,
        response,
        async (body) => certificate ?? (await this.#signerOf(request, body)),
      );
      return;
    }
    const alias = ROLE_ALIAS.exec(path)?.[1];
    if (alias !== undefined) this.#giveCredentials(request, response, alias, certificate);
    else await this.#callApi(request, response, certificate);
  }

  #giveCredentials(
    request: IncomingMessage,
    response: ServerResponse,
    aliasName: string,
    identity: DeviceIdentity | undefined,
  ): void {
    if (!identity) throw this.#unknown('no client certificate');
    if (request.method !== 'GET')
      throw new AwsError('MethodNotAllowedException', 'Only GET is allowed on this resource', 405);
    const thingName = request.headers['x-amzn-iot-thingname'];
    const answer = provideCredentials(
      { ...this.#options, onRefused: (reason) => this.#count(reason, identity.certificateId) },
      {
        identity,
        aliasName,
        thingName: thingName === undefined ? undefined : String(thingName),
        sourceIp: request.socket.remoteAddress,
      },
    );
    response.setHeader('cache-control', 'no-store');
    answerJsonText(response, 200, JSON.stringify(answer));
  }

  async #callApi(
    request: IncomingMessage,
    response: ServerResponse,
    identity: DeviceIdentity | undefined,
  ): Promise<void> {
    const access = identity ? certificateAccess(this.#options, identity) : signedAccess(this.#options);
    const isFound = await this.#options.api.handle(request, response, async (...call) => {
      const refusal = await access(...call);
      if (refusal) this.#count('API call is not allowed', identity?.certificateId);
      return refusal;
    });
    if (!isFound) throw new AwsError('ResourceNotFoundException', 'Not Found', 404);
  }

  /** Why it counts for nothing, when it does not. */
  #certificateOf({ socket }: IncomingMessage): DeviceIdentity | string {
    if (!this.#certificates.has(socket))
      this.#certificates.set(socket, (socket as TLSSocket).getPeerX509Certificate());
    const identity = this.#options.authorizer.identify(this.#certificates.get(socket));
    return 'reason' in identity ? identity.reason : identity;
  }

  async #signerOf(request: IncomingMessage, body: Buffer): Promise<DeviceIdentity | string> {
    const { stack, keys, nowMillis } = this.#options;
    const { method = 'GET', headers } = request;
    const caller = await verifyRequest(
      { method, ...splitTarget(request.url ?? '/'), headers, body },
      { region: stack.region, services: DATA_SERVICES, nowMillis: nowMillis(), findKey: keys.find },
    );
    if (typeof caller === 'string') return caller;
    return { certificateId: caller.principalId, values: caller.values, policies: caller.policies };
  }

  #unknown(reason: string): AwsError {
    this.#count(reason, undefined);
    return reason === 'no client certificate'
      ? new AwsError('MissingAuthenticationTokenException', 'Missing Authentication Token', 403)
      : forbidden();
  }

  #count(reason: string, certificateId: string | undefined): void {
    const topic = `${CONNECT_FAILED}${certificateId ?? 'unknown'}`;
    this.#options.refuse({ topic, clientId: certificateId, payloadBytes: 0, reason });
  }
}
