import type { IotRegistry } from '../../../devices/provisioning/iot-registry.ts';
import { runBounded } from '../../stores/run-bounded.ts';
import { broken, type Finding } from './finding.ts';

export interface ExamineFleetOptions {
  readonly registry: IotRegistry;
  /** Whose certificates are looked at. */
  readonly policyName: string;
  readonly nowMillis: number;
  /** Certificates that end within so many days are named. */
  readonly days: number;
}

export interface FleetReport {
  readonly certificates: number;
  readonly findings: readonly Finding[];
}

const DAY_MILLIS = 86_400_000;
const PARALLEL = 8;

/**
 * Looks at every ACTIVE certificate that has the policy: has it ended or will it soon, is it shared by several things, does it
 * belong to none (AWS IoT Device Defender developer guide, audit checks)?
 */
export async function examineFleet(options: ExamineFleetOptions): Promise<FleetReport> {
  const { registry, policyName } = options;
  const certificateIds = await registry.targetsOf(policyName);
  const findings: Finding[] = [];
  await runBounded(certificateIds, PARALLEL, async (certificateId) => {
    const found = await registry.certificate(certificateId);
    if (found?.status !== 'ACTIVE') return;
    const things = await registry.thingsOf(found.arn);
    findings.push(...problemsOf({ ...found, things }, options));
  });
  findings.sort((left, right) => (left.step + left.text < right.step + right.text ? -1 : 1));
  return { certificates: certificateIds.length, findings };
}

interface KnownCertificate {
  readonly certificateId: string;
  readonly notAfterMillis: number | undefined;
  readonly things: readonly string[];
}

function problemsOf(
  { certificateId, notAfterMillis = Infinity, things }: KnownCertificate,
  { nowMillis, days }: ExamineFleetOptions,
): Finding[] {
  const name = things.length > 0 ? `'${things.join("', '")}'` : 'no thing';
  const certificate = `certificate ${certificateId.slice(0, 12)}… of ${name}`;
  const rotate = `"mesonet provision rotate ${things[0] ?? 'NAME'}" makes a new one`;
  const findings: Finding[] = [];
  if (notAfterMillis <= nowMillis)
    findings.push(broken('expired', `${certificate} has expired on ${dayOf(notAfterMillis)}`, rotate));
  else if (notAfterMillis <= nowMillis + days * DAY_MILLIS)
    findings.push(broken('expiring', `${certificate} ends on ${dayOf(notAfterMillis)}`, rotate));
  if (things.length > 1)
    findings.push(broken('shared', `${certificate} belongs to ${things.length} things`, 'give each its own'));
  if (things.length === 0)
    findings.push(broken('loose', `${certificate} is ACTIVE`, 'attach it to its thing, or revoke it'));
  return findings;
}

function dayOf(millis: number): string {
  return new Date(millis).toISOString().slice(0, 10);
}
