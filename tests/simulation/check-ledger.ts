import { countOf } from './kept-records.ts';
import { functionsOf } from './stream-functions.ts';
import { demand } from './violation.ts';
import type { World } from './world.ts';

/** A stage as the ledger keeps it. */
export interface KeptStage {
  readonly stage: string;
  readonly in: number;
  readonly out: number;
  readonly dropped: Readonly<Record<string, number>>;
}

/** A checkpoint before the first record. */
const START = 'TRIM_HORIZON';
const I6 = 'I6 conservation';

/** The stages as the last commit has them, by name. */
export function keptStages({ disk }: World): ReadonlyMap<string, KeptStage> {
  const entries = JSON.parse(disk.state('ledger')?.toString() ?? '[]') as KeptStage[];
  return new Map(entries.map((entry) => [entry.stage, entry]));
}

/** How many of a stage's records were dropped for a reason. */
export function droppedAs(world: World, stage: string, reason: string): number {
  return keptStages(world).get(stage)?.dropped[reason] ?? 0;
}

/** The counts of every stage, as they were committed, against the streams and checkpoints of the same commit. */
export function checkLedger(world: World): void {
  const { options } = world;
  const stages = keptStages(world);
  const inOf = (name: string): number => stages.get(name)?.in ?? 0;
  for (const { stage, in: taken, out, dropped } of stages.values()) {
    const all = out + Object.values(dropped).reduce((sum, count) => sum + count, 0);
    demand(taken === all, I6, () => `${stage} took ${taken}, and accounts for ${all}`);
  }
  const readings = recordsOf(world, 'readings', options.readingShards);
  const routed = stages.get('rules')?.out ?? 0;
  demand(
    routed === readings,
    I6,
    () => `the rules took ${routed} messages, the stream has ${readings} records`,
  );
  const shardsOf = { readings: options.readingShards, windows: options.windowShards };
  const expected = functionsOf(options).map(
    ({ name, stage, stream }) =>
      [stage, passedOf(shardsOf[stream], (shard) => checkpoint(world, name, shard))] as const,
  );
  if (!options.parts.includes('function-windows'))
    expected.push([
      'windows weather-windows',
      passedOf(options.readingShards, (shard) => position(world, shard)),
    ]);
  for (const [name, passed] of expected)
    demand(
      inOf(name) === passed,
      I6,
      () => `${name} took ${inOf(name)}, its checkpoint has passed ${passed}`,
    );
}

function recordsOf({ disk }: World, stream: string, shards: number): number {
  const store = disk.open(() => false);
  let records = 0;
  for (let shard = 0; shard < shards; shard += 1) {
    const last = store.blockAtOrBefore([stream, shard, Number.MAX_SAFE_INTEGER]);
    if (last) records += last.firstIndex + countOf(last.bytes);
  }
  return records;
}

function passedOf(shards: number, sequenceOf: (shard: string) => string | undefined): number {
  let passed = 0;
  for (let shard = 0; shard < shards; shard += 1) {
    const sequenceNumber = sequenceOf(`shardId-${String(shard).padStart(12, '0')}`);
    if (sequenceNumber) passed += Number(sequenceNumber.slice(-16)) + 1;
  }
  return passed;
}

function checkpoint({ disk }: World, mapping: string, shard: string): string | undefined {
  const kept = disk.state(`esm/${mapping}/${shard}`)?.toString();
  return kept === START ? undefined : kept;
}

function position({ disk }: World, shard: string): string | undefined {
  const kept = disk.state('application/weather-windows');
  if (!kept) return undefined;
  const head = kept.toString('utf8', 4, 4 + kept.readUInt32LE(0));
  return (JSON.parse(head) as { positions: Record<string, string> }).positions[shard];
}
