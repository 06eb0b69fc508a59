import type { ListedDevice } from '../../../devices/provisioning/list-devices.ts';
import type { FleetPlan, FleetSummary } from '../../../devices/provisioning/provision-fleet.ts';
import type { Revocation } from '../../../devices/provisioning/revoke-device.ts';
import type { Rotation } from '../../../devices/provisioning/rotate-device.ts';
import { printTable } from '../print-table.ts';

const MAX_FAILED = 20;

/** What each number of a summary counts. */
const ROWS = [
  ['made', 'thing, certificate and bundle are new'],
  ['finished', 'begun by an earlier run'],
  ['verified', 'done before, and in order'],
  ['repaired', 'done before, and mended'],
  ['revoked', 'left as they are; "mesonet provision rotate" gives them a new certificate'],
] as const;

/** One line for while it runs. */
export function printProgressLine({ devices, made, failed }: FleetSummary, done: number): string {
  return `${count(done)}/${count(devices)} devices  ${count(made)} made  ${count(failed.length)} failed`;
}

export function printSummary(summary: FleetSummary, out: string): string {
  const rows = ROWS.filter(([name]) => summary[name] > 0).map(([name, meaning]) => [
    name,
    count(summary[name]),
    meaning,
  ]);
  const { failed, notReached, leftOver } = summary;
  if (failed.length > 0) rows.push(['failed', count(failed.length), '']);
  if (notReached > 0) rows.push(['not reached', count(notReached), 'run the same command again to go on']);
  const shown = failed.slice(0, MAX_FAILED).map(({ problem }) => `  ${problem}`);
  if (failed.length > shown.length) shown.push(`  … and ${count(failed.length - shown.length)} more`);
  return [printTable(rows, new Set([1])), ...shown, ...leftOverLines(leftOver), `Bundles are in ${out}`].join(
    '\n',
  );
}

function leftOverLines(ids: readonly string[]): string[] {
  if (ids.length === 0) return [];
  return [
    'A run that was cut off left certificates without a key, inactive and attached to nothing; delete them when you like:',
    ...ids.map((id) => `  ${id}`),
  ];
}

export function printPlan(plan: FleetPlan, policyName: string): string {
  return printTable(
    [
      ['devices', count(plan.devices), `${count(plan.things)} of them are things already`],
      ['to make', count(plan.toMake), `with policy ${policyName}`],
      ['to finish', count(plan.toFinish), ''],
      ['to verify', count(plan.toVerify), ''],
      ['revoked', count(plan.revoked), 'stay so'],
    ],
    new Set([1]),
  );
}

export function printRevocation({ thingName, certificates }: Revocation): string {
  if (certificates.length === 0) return `${thingName}: no certificate is attached, nothing to revoke`;
  return certificates
    .map(({ certificateId, status, policies }) => {
      const done =
        status === 'REVOKED' ? 'was revoked already' : `revoked (was ${status}), its connection is cut`;
      const detached = [...policies.map((name) => `policy ${name}`), `thing ${thingName}`].join(' and ');
      return `${thingName}: certificate ${short(certificateId)} ${done}, detached from ${detached}`;
    })
    .join('\n');
}

export function printRotation({ thingName, certificateId, connected, revoked, kept }: Rotation): string {
  const proof = connected ? 'a connection was made with it' : 'no connection was tried';
  const old =
    kept.length > 0
      ? `still active: ${kept.map(short).join(', ')}; rotate again to revoke it`
      : `revoked: ${revoked.map(short).join(', ') || 'none'}`;
  return `${thingName}: new certificate ${short(certificateId)}, ${proof}; ${old}`;
}

export function printList(devices: readonly ListedDevice[]): string {
  if (devices.length === 0) return 'No device has the policy, and none is in the folder';
  const rows = devices.map((device) => [
    device.thingName || '–',
    short(device.certificateId),
    device.status,
    device.notAfterMillis === undefined ? '–' : new Date(device.notAfterMillis).toISOString().slice(0, 10),
    notesOf(device).join(', '),
  ]);
  return printTable([['thing', 'certificate', 'status', 'expires', ''], ...rows]);
}

function notesOf({ status, isAttached, hasPolicy, isHere }: ListedDevice): string[] {
  const notes = isHere ? [] : ['bundle is not in this folder'];
  if (status !== 'ACTIVE') return notes;
  if (!isAttached) notes.push('attached to no thing');
  if (!hasPolicy) notes.push('without the policy');
  return notes;
}

function short(certificateId: string): string {
  return `${certificateId.slice(0, 12)}…`;
}

function count(n: number): string {
  return n.toLocaleString('en-US');
}
