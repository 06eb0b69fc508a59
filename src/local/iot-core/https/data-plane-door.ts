import type { IncomingMessage, ServerResponse } from 'node:http';
import { AwsError } from '../../aws-endpoint/aws-endpoint-error.ts';
import { splitTarget } from '../../aws-identity/request-path.ts';
import { readBody } from '../../http/http-guard.ts';
import type { RefusedMessage } from '../../trace/kept-messages.ts';
import type { DeviceIdentity } from '../authorization/device-authorizer.ts';
import { authorizeRequest } from '../authorization/request-authorizer.ts';
import { answerOperation, type DataPlaneOperation, findOperation } from '../data-plane.ts';
import { MAX_PAYLOAD_BYTES } from '../publish-limits.ts';
import type { DeviceRegistry } from '../registry/device-registry.ts';
import { answerError, answerJsonText, forbidden } from './https-answer.ts';

export interface DataPlaneDoorOptions {
  readonly operations: readonly DataPlaneOperation[];
  readonly registry: DeviceRegistry;
  /** Counts and keeps what is refused. */
  readonly refuse: (refused: RefusedMessage) => void;
}

/** Finds out who sends a request. @returns why nobody can tell */
export type Identify = (body: Buffer) => Promise<DeviceIdentity | string>;

const TOPICS = '/topics/';

/** AWS IoT data over HTTPS, with the policies of whoever asks (AWS IoT developer guide, http). */
export class DataPlaneDoor {
  readonly #options: DataPlaneDoorOptions;

  constructor(options: DataPlaneDoorOptions) {
    this.#options = options;
  }

  /** Is the path one of an operation, whatever the method? */
  has(path: string): boolean {
    return this.#options.operations.some((operation) => operation.path.test(path));
  }

  async handle(request: IncomingMessage, response: ServerResponse, identify: Identify): Promise<void> {
    const body = await readBody(request, MAX_PAYLOAD_BYTES);
    if (!body) {
      this.#refuse(
        request,
        'payload over 128 KiB',
        undefined,
        Number(request.headers['content-length'] ?? 0),
      );
      answerError(
        response,
        new AwsError(
          'RequestEntityTooLargeException',
          `The body is larger than ${MAX_PAYLOAD_BYTES} bytes`,
          413,
        ),
        true,
      );
      return;
    }
    try {
      const { status, body: text } = await this.#answer(request, body, identify);
      answerJsonText(response, status, text);
    } catch (error) {
      answerError(response, error);
    }
  }

  async #answer(request: IncomingMessage, body: Buffer, identify: Identify) {
    const { operations, registry } = this.#options;
    const { method = 'GET', socket } = request;
    const { path, query } = splitTarget(request.url ?? '/');
    const identity = await identify(body);
    if (typeof identity === 'string') {
      this.#refuse(request, identity, undefined, body.length);
      throw forbidden();
    }
    const found = findOperation(operations, { method, path });
    if (!found)
      throw new AwsError('MethodNotAllowedException', `${method} is not allowed on this resource`, 405);
    const sourceIp = socket.remoteAddress;
    const asked = {
      label: found.label,
      query: new URLSearchParams(query),
      body,
      caller: { principal: identity.certificateId, sourceIp },
    };
    const refusalOf = authorizeRequest(registry, identity, sourceIp);
    for (const { action, resource } of found.operation.permissions(asked)) {
      const reason = refusalOf(action, resource === '*' ? '*' : `${prefixOf(registry)}${resource}`);
      if (reason === undefined) continue;
      this.#refuse(request, reason, identity.certificateId, body.length);
      throw forbidden();
    }
    return answerOperation(found.operation, asked);
  }

  /** A refused publish is kept under its topic, like one over MQTT. */
  #refuse(
    request: IncomingMessage,
    reason: string,
    clientId: string | undefined,
    payloadBytes: number,
  ): void {
    const { path } = splitTarget(request.url ?? '/');
    const topic = path.startsWith(TOPICS) ? decoded(path.slice(TOPICS.length)) : path;
    this.#options.refuse({ topic, clientId, payloadBytes, reason });
  }
}

function prefixOf({ place: { region, accountId } }: DeviceRegistry): string {
  return `arn:aws:iot:${region}:${accountId}:`;
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
