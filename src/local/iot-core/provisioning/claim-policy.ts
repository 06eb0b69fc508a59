import { type NamedPolicy, parsePolicyDocument } from '../../../iot-policy/index.ts';
import { type IotPlace, iotArn } from '../registry/iot-arns.ts';

/** AWS IoT developer guide, provision-wo-cert: a certificate that a trusted user gave out lets in for this long. */
export const CLAIM_MILLIS = 300_000;

/** What a certificate that a trusted user gave out may do: provision by its template, and nothing else. */
export function claimPolicy(place: IotPlace, templateName: string): NamedPolicy {
  const topics = ['$aws/certificates/create*', `$aws/provisioning-templates/${templateName}/provision/*`];
  const allow = (actions: string[], kind: 'topic' | 'topicfilter') => ({
    Effect: 'Allow',
    Action: actions,
    Resource: topics.map((topic) => iotArn(place, kind, topic)),
  });
  const document = {
    Version: '2012-10-17',
    Statement: [
      { Effect: 'Allow', Action: 'iot:Connect', Resource: iotArn(place, 'client', '*') },
      allow(['iot:Publish', 'iot:Receive'], 'topic'),
      allow(['iot:Subscribe'], 'topicfilter'),
    ],
  };
  return {
    name: `claim of ${templateName}`,
    document: parsePolicyDocument(JSON.stringify(document)),
  };
}
