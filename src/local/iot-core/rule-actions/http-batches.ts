import type { Properties } from '../../../stack/template.ts';
import type { HttpPost } from './http-delivery.ts';
import type { Delivery } from './rule-action.ts';
import { isTrue } from './stream-actions.ts';

interface Batch {
  readonly elements: string[];
  readonly done: Promise<void>;
  readonly send: () => void;
  bytes: number;
  headers: Readonly<Record<string, string>>;
}

/** What `BatchConfig` says, with the defaults of AWS. */
interface BatchLimits {
  readonly openMillis: number;
  readonly size: number;
  readonly bytes: number;
}

/** Gathers results into JSON arrays (AWS IoT developer guide, http_batching). */
export class HttpBatches {
  readonly #post: (request: HttpPost) => Promise<void>;
  readonly #open = new Map<string, Batch>();

  constructor(post: (request: HttpPost) => Promise<void>) {
    this.#post = post;
  }

  /** Resolves or rejects with the batch that carried the result. The headers of the last result added are sent. */
  add(
    { members, output, source }: Delivery,
    url: string,
    headers: Readonly<Record<string, string>>,
  ): Promise<void> {
    const config = (members.BatchConfig ?? {}) as Properties;
    const limits = limitsOf(config);
    const key = JSON.stringify([url, isTrue(config.BatchAcrossTopics) ? '' : source.publishedTopic]);
    const element =
      typeof output === 'string' && output !== ''
        ? output
        : JSON.stringify(Buffer.from(output).toString('base64'));
    const bytes = Buffer.byteLength(element);
    const open = this.#open.get(key);
    if (open && open.bytes + bytes > limits.bytes) open.send();
    const batch = this.#open.get(key) ?? this.#start(key, url, limits);
    batch.elements.push(element);
    batch.bytes += bytes;
    batch.headers = headers;
    if (batch.elements.length >= limits.size || batch.bytes >= limits.bytes) batch.send();
    return batch.done;
  }

  #start(key: string, url: string, { openMillis }: BatchLimits): Batch {
    const { promise, resolve } = Promise.withResolvers<void>();
    const timer = setTimeout(() => batch.send(), openMillis);
    const batch: Batch = {
      elements: [],
      bytes: 0,
      headers: {},
      done: promise,
      send: () => {
        clearTimeout(timer);
        this.#open.delete(key);
        const headers = { ...batch.headers, 'content-type': 'application/json' };
        resolve(this.#post({ url, headers, body: `[${batch.elements.join(',')}]` }));
      },
    };
    this.#open.set(key, batch);
    return batch;
  }
}

function limitsOf({ MaxBatchOpenMs, MaxBatchSize, MaxBatchSizeBytes }: Properties): BatchLimits {
  return {
    openMillis: Number(MaxBatchOpenMs ?? 20),
    size: Number(MaxBatchSize ?? 10),
    bytes: Number(MaxBatchSizeBytes ?? 5120),
  };
}
