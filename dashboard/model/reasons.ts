const explanations: Readonly<Record<string, string>> = {
  'not-json': 'the payload is no JSON',
  'bad-utf8': 'the payload is no valid UTF-8',
  'missing-field': 'a required field is missing',
  'wrong-type': 'a field has the wrong type',
  'timestamp-negative': 'the timestamp is negative',
  'timestamp-ahead': 'the timestamp is more than 24 hours ahead of arrival',
  'no-weekly-table': 'no readings table exists for the week of the timestamp',
  'too-large': 'the message is larger than the service takes',
  'bad-gzip': 'the batch is no readable gzip',
  'not-a-batch': 'the batch has no list of readings',
};

/** Why a message was dropped, as a sentence for somebody who looks for it; an unknown reason is shown as it came. */
export function explainReason(reason: string): string {
  return Object.hasOwn(explanations, reason) ? (explanations[reason] as string) : '';
}
