import {
  aggregateWindows,
  archiveReadings,
  type Handler,
  publishWindows,
  storeReadings,
  WINDOW_SECONDS,
} from './functions.ts';
import type { MappingOptions, Part, WorldOptions } from './world-options.ts';

/** A function that reads a stream. */
export interface StreamFunction {
  /** Of its mapping, and what the function is called. */
  readonly name: 'store' | 'publish' | 'archive' | 'aggregate';
  readonly stream: 'readings' | 'windows';
  readonly handler: Handler;
  readonly stage: string;
  readonly tumblingWindowSeconds: number;
  /** Of the world that has it; without one, every world has. */
  readonly part?: Part;
}

const FUNCTIONS: readonly StreamFunction[] = [
  {
    name: 'store',
    stream: 'readings',
    handler: storeReadings,
    stage: 'function store-readings',
    tumblingWindowSeconds: 0,
  },
  {
    name: 'publish',
    stream: 'windows',
    handler: publishWindows,
    stage: 'function publish-windows',
    tumblingWindowSeconds: 0,
  },
  {
    name: 'archive',
    stream: 'readings',
    handler: archiveReadings,
    stage: 'function archive-readings',
    tumblingWindowSeconds: 0,
    part: 'archive',
  },
  {
    name: 'aggregate',
    stream: 'readings',
    handler: aggregateWindows,
    stage: 'function aggregate-windows',
    tumblingWindowSeconds: WINDOW_SECONDS,
    part: 'function-windows',
  },
];

/** Those that a world has. */
export function functionsOf({ parts }: WorldOptions): StreamFunction[] {
  return FUNCTIONS.filter(({ part }) => part === undefined || parts.includes(part));
}

export function settingsOf(options: WorldOptions, { name }: StreamFunction): MappingOptions {
  return options[name];
}

export function stageOf(name: StreamFunction['name']): string {
  return FUNCTIONS.find((each) => each.name === name)!.stage;
}
