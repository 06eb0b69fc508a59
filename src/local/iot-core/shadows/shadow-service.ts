import type { JsonValue } from '../../../iot-sql/index.ts';
import type { DurableLog } from '../../log/durable-log.ts';
import {
  parseShadowRequest,
  type ReservedAnswer,
  type ReservedRequest,
  type ReservedTopicService,
  type ShadowRequestTopic,
} from '../reserved-topics.ts';
import { parseClientToken, parseShadowUpdate } from './parse-shadow-update.ts';
import { metadataOfChange, type ShadowDocument, shadowDelta } from './shadow-document.ts';
import { ShadowError } from './shadow-error.ts';
import { type ShadowId, ShadowStore } from './shadow-store.ts';

/** What a program is answered, and what goes to the reserved topics besides. */
export interface ShadowOutcome {
  readonly response: JsonValue;
  readonly answers: readonly ReservedAnswer[];
}

export interface ShadowServiceOptions {
  readonly log: DurableLog;
  readonly nowMillis: () => number;
}

/** The Device Shadow service (AWS IoT developer guide, iot-device-shadows), over MQTT and for the data plane. */
export class ShadowService implements ReservedTopicService {
  readonly #store: ShadowStore;
  readonly #nowMillis: () => number;

  constructor({ log, nowMillis }: ShadowServiceOptions) {
    this.#store = new ShadowStore(log, nowMillis);
    this.#nowMillis = nowMillis;
  }

  answer({ topic, payload }: ReservedRequest): readonly ReservedAnswer[] | undefined {
    const request = parseShadowRequest(topic);
    if (!request) return undefined;
    try {
      return this.#answerTo(request, payload);
    } catch (error) {
      if (!(error instanceof ShadowError)) throw error;
      return [{ topic: `${topic}/rejected`, body: this.#rejection(error, payload) }];
    }
  }

  /** @throws ShadowError 404 */
  get(id: ShadowId, clientToken?: string): JsonValue {
    const document = this.#store.get(id);
    const delta = shadowDelta(document);
    return {
      state: { ...document.state, ...(delta && { delta: delta.state }) },
      metadata: { ...document.metadata },
      version: document.version,
      ...this.#stamp(clientToken),
    };
  }

  /** The document for a rule function; undefined when there is none. */
  find(id: ShadowId): JsonValue | undefined {
    return this.#store.find(id) && this.get(id);
  }

  /** @throws ShadowError that says what is wrong with it */
  update(id: ShadowId, payload: Uint8Array): ShadowOutcome {
    const update = parseShadowUpdate(payload);
    const { previous, current } = this.#store.update(id, update);
    const stamp = this.#stamp(update.clientToken);
    const response: JsonValue = {
      state: { ...update.change },
      metadata: { ...metadataOfChange(update.change, stamp.timestamp) },
      version: current.version,
      ...stamp,
    };
    const topic = `${topicOf(id)}/update`;
    const delta = shadowDelta(current);
    const ofDelta: readonly ReservedAnswer[] = delta
      ? [{ topic: `${topic}/delta`, body: { version: current.version, ...delta, ...stamp } }]
      : [];
    const documents: JsonValue = {
      ...(previous && { previous: bodyOf(previous) }),
      current: bodyOf(current),
      ...stamp,
    };
    return {
      response,
      answers: [
        { topic: `${topic}/accepted`, body: response },
        ...ofDelta,
        { topic: `${topic}/documents`, body: documents },
      ],
    };
  }

  /** @throws ShadowError 404 */
  delete(id: ShadowId, clientToken?: string): ShadowOutcome {
    const response: JsonValue = { version: this.#store.delete(id), ...this.#stamp(clientToken) };
    return { response, answers: [{ topic: `${topicOf(id)}/delete/accepted`, body: response }] };
  }

  /** Names of the named shadows of a thing, in order. */
  names(thingName: string): string[] {
    return this.#store.names(thingName);
  }

  #answerTo({ verb, ...id }: ShadowRequestTopic, payload: Buffer): readonly ReservedAnswer[] {
    if (verb === 'update') return this.update(id, payload).answers;
    const token = parseClientToken(payload);
    if (verb === 'delete') return this.delete(id, token).answers;
    return [{ topic: `${topicOf(id)}/get/accepted`, body: this.get(id, token) }];
  }

  #rejection({ code, message }: ShadowError, payload: Buffer): JsonValue {
    return { code, message, ...this.#stamp(readableToken(payload)) };
  }

  #stamp(clientToken: string | undefined): { timestamp: number; clientToken?: string } {
    const timestamp = Math.floor(this.#nowMillis() / 1000);
    return clientToken === undefined ? { timestamp } : { timestamp, clientToken };
  }
}

function topicOf({ thingName, shadowName }: ShadowId): string {
  const name = shadowName === undefined ? '' : `/name/${shadowName}`;
  return `$aws/things/${thingName}/shadow${name}`;
}

function bodyOf({ state, metadata, version }: ShadowDocument): JsonValue {
  return { state: { ...state }, metadata: { ...metadata }, version };
}

/** The token of a request that is refused, if it can be read. */
function readableToken(payload: Buffer): string | undefined {
  try {
    return parseClientToken(payload);
  } catch {
    return undefined;
  }
}
