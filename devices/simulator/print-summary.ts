import type { SimulatorSummary } from './tally.ts';

/** The books as one short line, for progress. */
export function printProgressLine(summary: SimulatorSummary): string {
  const parts = [
    `${count(summary.connected)} connected`,
    `${count(summary.sent)} sent`,
    summary.unacknowledged === null ? '' : `${count(summary.unacknowledged)} unacknowledged`,
    `${count(summary.lastSecond)}/s`,
    ...exceptions(summary),
  ];
  return parts.filter((part) => part !== '').join(', ');
}

/** The books as a few lines, for the end. */
export function printSummary(summary: SimulatorSummary): string {
  const { acknowledged, unacknowledged, ackMillisP50, ackMillisP99 } = summary;
  const lines = [
    `${count(summary.sent)} readings in ${count(summary.publishes)} publishes over ${count(summary.connections)} connections, ` +
      `${summary.elapsedSeconds} s, ${count(Math.round(summary.readingsPerSecond))} readings/s`,
    acknowledged === null
      ? 'QoS 0: no acknowledgements'
      : `${count(acknowledged)} acknowledged, ${count(unacknowledged ?? 0)} unacknowledged`,
    ackMillisP50 === null ? '' : `acknowledged within ${ackMillisP50} ms (p50), ${ackMillisP99} ms (p99)`,
    exceptions(summary).join(', '),
    summary.lastFailure ?? '',
  ];
  return lines.filter((line) => line !== '').join('\n');
}

/** Only what happened is worth a word. */
function exceptions(summary: SimulatorSummary): string[] {
  const kinds = [
    'late',
    'held',
    'skewed',
    'missed',
    'failed',
    'duplicates',
    'garbage',
    'drops',
    'leaves',
    'storms',
    'reconnects',
  ] as const;
  const words = kinds.filter((kind) => summary[kind] > 0).map((kind) => `${count(summary[kind])} ${kind}`);
  return summary.stormMillis === null
    ? words
    : [...words, `all back ${(summary.stormMillis / 1000).toFixed(1)} s after the last storm`];
}

function count(value: number): string {
  return value.toLocaleString('en-US');
}
