import { numberOf } from '../stack/template.ts';
import type { Check } from './finding.ts';
import { nested } from './template-view.ts';
import { isTlsOnly } from './tls-only.ts';

/** Amazon SQS API reference, CreateQueue: four days when nothing is said. */
const USUAL_RETENTION_SECONDS = 345_600;

/**
 * A queue denies requests without TLS, and its dead letters live longer than its messages: their age is counted from when
 * they were first sent (Amazon SQS developer guide, dead-letter queues).
 */
export const queues: Check = {
  name: 'queues',
  run: (view) =>
    view.ofType('AWS::SQS::Queue').flatMap(({ id, properties }) => {
      const retention = numberOf(properties, 'MessageRetentionPeriod', USUAL_RETENTION_SECONDS);
      const letters = view.target(nested(properties, 'RedrivePolicy').deadLetterTargetArn);
      const kept = numberOf(letters?.properties ?? {}, 'MessageRetentionPeriod', USUAL_RETENTION_SECONDS);
      const isSafe = isTlsOnly(view, {
        type: 'AWS::SQS::QueuePolicy',
        member: 'Queues',
        id,
        action: 'sqs:*',
      });
      return [
        ...(isSafe
          ? []
          : [
              {
                resource: id,
                about: 'QueuePolicy',
                message: 'Cannot take messages without TLS: deny them by a policy',
              },
            ]),
        ...(letters !== undefined && kept <= retention
          ? [
              {
                resource: id,
                about: 'MessageRetentionPeriod',
                message: `Cannot keep dead letters for ${kept} seconds: messages may be ${retention} seconds old when they arrive at '${letters.id}'`,
              },
            ]
          : []),
      ];
    }),
};
