import { X509Certificate } from 'node:crypto';
import { certificateIdOf } from '../../../devices/provisioning/bundle.ts';
import type { IotRegistry, RegisteredCertificate } from '../../../devices/provisioning/iot-registry.ts';
import { broken, type Finding, ok } from './finding.ts';

/** The certificate's days have begun and not ended, by the clock of this machine. */
export function checkValidity(pem: string, thingName: string, nowMillis: number): Finding {
  const { validFrom, validTo } = new X509Certificate(pem);
  const rotate = `"mesonet provision rotate ${thingName}" makes a new one; check the clock of this machine`;
  if (nowMillis > Date.parse(validTo))
    return broken('validity', `the device certificate has expired on ${dayOf(validTo)}`, rotate);
  if (nowMillis < Date.parse(validFrom))
    return broken('validity', `the device certificate is not valid before ${dayOf(validFrom)}`, rotate);
  return ok('validity', `the device certificate is valid until ${dayOf(validTo)}`);
}

/** The registry knows the certificate, and it is active. */
export async function checkActive(
  pem: string,
  thingName: string,
  registry: IotRegistry,
): Promise<{ finding: Finding; certificate?: RegisteredCertificate }> {
  const certificateId = certificateIdOf(pem);
  const short = `${certificateId.slice(0, 12)}…`;
  const certificate = await registry.certificate(certificateId);
  const rotate = `"mesonet provision rotate ${thingName}" makes one that is`;
  if (!certificate)
    return {
      finding: broken('active', `certificate ${short} is not registered at ${registry.name}`, rotate),
    };
  if (certificate.status === 'ACTIVE')
    return { finding: ok('active', `certificate ${short} is registered and ACTIVE`), certificate };
  return { finding: broken('active', `certificate ${short} is ${certificate.status}`, rotate), certificate };
}

/** The certificate is attached to the thing. */
export async function checkAttached(
  { arn }: RegisteredCertificate,
  thingName: string,
  registry: IotRegistry,
): Promise<Finding> {
  const things = await registry.thingsOf(arn);
  if (things.includes(thingName)) return ok('attached', `it is attached to thing '${thingName}'`);
  const attachedTo = things.length > 0 ? `'${things.join("', '")}', not to '${thingName}'` : 'no thing';
  return broken(
    'attached',
    `the certificate is attached to ${attachedTo}`,
    `"mesonet provision" with this device attaches it; is this the bundle of '${thingName}'?`,
  );
}

function dayOf(time: string): string {
  return new Date(time).toISOString().slice(0, 10);
}
