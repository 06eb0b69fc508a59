import { registryError } from './registry-error.ts';

/** Where the registry is, for the ARNs. */
export interface IotPlace {
  readonly region: string;
  readonly accountId: string;
}

/** Service authorization reference, resource types of AWS IoT. */
export type IotResourceKind =
  | 'thing'
  | 'thingtype'
  | 'job'
  | 'cert'
  | 'cacert'
  | 'provisioningtemplate'
  | 'policy'
  | 'client'
  | 'topic'
  | 'topicfilter'
  | 'rolealias';

export function iotArn({ region, accountId }: IotPlace, kind: IotResourceKind, name: string): string {
  return `arn:aws:iot:${region}:${accountId}:${kind}/${name}`;
}

/** @throws InvalidRequestException for a principal that is no certificate: Cognito identities and groups are not emulated */
export function certificateIdOf(arn: string): string {
  const found = /^arn:aws:iot:[^:]*:\d{12}:cert\/([\da-f]{64})$/.exec(arn);
  if (!found)
    throw registryError(
      'InvalidRequestException',
      `Principal or target '${arn}' is not the ARN of a certificate; others are not emulated`,
    );
  return found[1]!;
}
