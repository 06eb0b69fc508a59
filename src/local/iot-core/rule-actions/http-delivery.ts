import type { Properties } from '../../../stack/template.ts';
import { hostOf, isAllowedUrl } from './allowed-http-host.ts';
import { HttpBatches } from './http-batches.ts';
import { type Deliver, type Delivery, DeliveryError } from './rule-action.ts';
import type { RuleActionTargets } from './rule-action-targets.ts';
import { isTrue } from './stream-actions.ts';

/** All tries of one request together (AWS IoT developer guide, https-rule-action). */
const TIMEOUT_MILLIS = 3000;
const MAX_TRIES = 3;
/** After a longer answer nothing is tried again. */
const MAX_RESPONSE_BYTES = 16_384;

/** One request of an Http action. */
export interface HttpPost {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | Buffer;
}

/** Http (AWS IoT developer guide, https-rule-action, http_batching): a POST to a host that is allowed. */
export function createHttpDelivery({
  allowedHttpHosts,
}: Pick<RuleActionTargets, 'allowedHttpHosts'>): Deliver {
  const batches = new HttpBatches(post);
  return async (delivery) => {
    const url = String(delivery.members.Url);
    if (!isAllowedUrl(url, allowedHttpHosts))
      throw new DeliveryError(
        'host not allowed',
        `The host '${hostOf(url) ?? url}' is not allowed; allow it with --allow-http`,
      );
    const headers = headersOf(delivery);
    if (isTrue(delivery.members.EnableBatching)) await batches.add(delivery, url, headers);
    else await post({ url, headers, body: delivery.output });
  };
}

function headersOf({ members, output }: Delivery): Record<string, string> {
  const contentType = typeof output === 'string' ? 'application/json' : 'application/octet-stream';
  const given = ((members.Headers ?? []) as readonly Properties[]).map(
    ({ Key, Value }) => [String(Key).toLowerCase(), String(Value)] as const,
  );
  return { 'content-type': contentType, ...Object.fromEntries(given) };
}

/** Tries up to three times within the time limit; again only after 429 and 5xx (https-rule-action, retry logic). */
async function post(request: HttpPost): Promise<void> {
  const signal = AbortSignal.timeout(TIMEOUT_MILLIS);
  for (let tries = 1; ; tries += 1) {
    const { status, isShort } = await send(request, signal);
    if (status >= 200 && status < 300) return;
    const mayTryAgain = isShort && (status === 429 || status >= 500);
    if (!mayTryAgain || tries === MAX_TRIES)
      throw new DeliveryError(`status ${status}`, `The endpoint answered with status ${status}`);
  }
}

/** A redirection is not followed: it may lead to a host that is not allowed. */
async function send(
  { url, headers, body }: HttpPost,
  signal: AbortSignal,
): Promise<{ status: number; isShort: boolean }> {
  try {
    const response = await fetch(url, {
      method: 'POST',
      headers,
      body: body as string,
      redirect: 'manual',
      signal,
    });
    let bytes = 0;
    for await (const chunk of response.body ?? []) {
      bytes += (chunk as Uint8Array).length;
      if (bytes > MAX_RESPONSE_BYTES) break;
    }
    return { status: response.status, isShort: bytes <= MAX_RESPONSE_BYTES };
  } catch (cause) {
    if (signal.aborted)
      throw new DeliveryError('timeout', `The endpoint did not answer within ${TIMEOUT_MILLIS} ms`, {
        cause,
      });
    const { message, cause: inner } = cause as Error;
    throw new DeliveryError('no connection', inner instanceof Error ? inner.message || message : message, {
      cause,
    });
  }
}
