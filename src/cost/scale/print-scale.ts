import { printTable } from '../print-cost.ts';
import type { ExceededLimit } from './account-limits.ts';
import type { ScaleStep, StreamSize } from './plan-scale.ts';

/** The steps as a table, then what has to be raised or designed around at each. */
export function printScale(steps: readonly ScaleStep[]): string {
  return [
    ...printTable(
      [
        [
          'readings/s',
          'devices',
          'publishes/s',
          'shards',
          'windows by',
          'one embedded runtime',
          'USD/million',
          'USD/month',
        ],
        ...steps.map(row),
      ],
      0,
    ),
    '',
    ...steps.flatMap((step) => notes(step).map((note) => `${number(step.readingsPerSecond)}/s: ${note}`)),
  ].join('\n');
}

function row(step: ScaleStep): string[] {
  return [
    number(step.readingsPerSecond),
    number(step.devices),
    number(step.publishesPerSecond),
    step.streams.map(({ shards }) => number(shards)).join(' + '),
    step.windows === 'flink' ? `Flink, ${number(step.kpus)} KPU` : 'Lambda',
    step.embeddedShare > 1 ? 'no' : `${Math.ceil(step.embeddedShare * 100)} %`,
    step.perMillionUsd.toFixed(2),
    number(step.perMonthUsd),
  ];
}

function notes({ streams, lanes, exceeded }: ScaleStep): string[] {
  const parallel = Object.entries(lanes).map(([name, count]) => `${name} × ${count}`);
  return [
    ...(parallel.length ? [`batches of a shard at a time: ${parallel.join(', ')}`] : []),
    ...streams.flatMap(streamNotes),
    ...exceeded.map(limitNote),
  ];
}

function streamNotes({ name, fullest, needsFanOut, shards }: StreamSize): string[] {
  return [
    ...(needsFanOut
      ? [`readers of '${name}' need enhanced fan-out: together they read more than 2 MB/s of a shard`]
      : []),
    ...(shards > 1 ? [fullestNote(name, fullest)] : []),
  ];
}

function fullestNote(name: string, { even, zipf }: StreamSize['fullest']): string {
  const byZipf = zipf === even ? '' : ` of even sensors, ${zipf.toFixed(1)} × by Zipf's law`;
  return `the fullest shard of '${name}' takes ${even.toFixed(2)} × the mean${byZipf}`;
}

function limitNote({ limit: { name, limit, isAdjustable }, needed }: ExceededLimit): string {
  const whatToDo = isAdjustable ? 'ask AWS for more' : 'cannot be raised: pack more readings into a publish';
  return `${name}: ${number(Math.ceil(needed))} needed, ${number(limit)} by default; ${whatToDo}`;
}

function number(value: number): string {
  return value.toLocaleString('en-US', { maximumFractionDigits: value < 100 ? 1 : 0 });
}
