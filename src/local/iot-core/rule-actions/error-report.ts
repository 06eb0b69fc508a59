import type { ArrivedMessage } from '../arrived-message.ts';
import type { ActionFailure } from './rule-action.ts';

/** What an error action is given (AWS IoT developer guide, rule-error-handling, error action message format). */
export function errorReport(
  ruleName: string,
  { publishedTopic, traceId, clientId, payload }: ArrivedMessage,
  failures: readonly ActionFailure[],
): string {
  const { buffer, byteOffset, byteLength } = payload;
  return JSON.stringify({
    ruleName,
    topic: publishedTopic,
    cloudwatchTraceId: traceId,
    clientId: clientId ?? 'N/A',
    base64OriginalPayload: Buffer.from(buffer, byteOffset, byteLength).toString('base64'),
    failures,
  });
}
