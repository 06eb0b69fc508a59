import { AwsError } from '../../aws-endpoint/aws-endpoint-error.ts';
import { type DataPlaneOperation, pageOf } from '../data-plane.ts';
import type { RetainedMessages } from './retained-messages.ts';

const DEFAULT_PAGE = 25;
const MAX_PAGE = 200;

/** Retained messages at the data plane (AWS IoT API reference, AWS IoT data: GetRetainedMessage, ListRetainedMessages). */
export function retainedOperations(retained: RetainedMessages): DataPlaneOperation[] {
  return [
    {
      name: 'GetRetainedMessage',
      method: 'GET',
      path: /^\/retainedMessage\/(.+)$/,
      permissions: ({ label }) => [{ action: 'iot:GetRetainedMessage', resource: `topic/${label}` }],
      run: async ({ label: topic }) => {
        const message = retained.find(topic);
        if (!message)
          throw new AwsError('ResourceNotFoundException', `No message is retained on '${topic}'`, 404);
        const { payload, qos, lastModifiedMillis, properties } = message;
        const users = Object.entries(properties?.userProperties ?? {}).flatMap(([key, value]) =>
          [value].flat().map((each) => ({ [key]: each })),
        );
        return {
          topic,
          payload: payload.toString('base64'),
          qos,
          lastModifiedTime: lastModifiedMillis,
          ...(users.length > 0 && { userProperties: Buffer.from(JSON.stringify(users)).toString('base64') }),
        };
      },
    },
    {
      name: 'ListRetainedMessages',
      method: 'GET',
      path: /^\/retainedMessage$/,
      permissions: () => [{ action: 'iot:ListRetainedMessages', resource: '*' }],
      run: async ({ query }) => {
        const limits = { size: query.get('maxResults'), defaultSize: DEFAULT_PAGE, maxSize: MAX_PAGE };
        const all = retained.list();
        const { page, nextToken } = pageOf(all, ({ topic }) => topic, query.get('nextToken'), limits);
        const retainedTopics = page.map(({ topic, payload, qos, lastModifiedMillis }) => ({
          topic,
          payloadSize: payload.length,
          qos,
          lastModifiedTime: lastModifiedMillis,
        }));
        return { retainedTopics, ...nextToken };
      },
    },
  ];
}
