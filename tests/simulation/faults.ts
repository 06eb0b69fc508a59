import { FAIR_WEATHER } from './simulated-aws.ts';
import type { FAIR_LAMBDA, World } from './world.ts';

interface Fault {
  readonly name: string;
  /** How often it comes against the others. */
  readonly weight: number;
  /** Is it one that this world's promises cover? */
  readonly fits?: (world: World) => boolean;
  /** While no process runs it waits for one. */
  readonly needsProcess?: boolean;
  /** Begins it; returns how it ends. */
  readonly begin: (world: World) => (() => void) | undefined;
}

const RETRY_MILLIS = 500;
const TWENTY_MINUTES_MILLIS = 1_200_000;

const FAULTS: readonly Fault[] = [
  { name: 'kill', weight: 4, needsProcess: true, begin: (world) => void world.kill(false) },
  {
    name: 'power cut',
    weight: 2,
    // Without syncing a power cut may take anything.
    fits: ({ options }) => options.durability === 'power',
    needsProcess: true,
    begin: (world) => void world.kill(true),
  },
  {
    name: 'disk full',
    weight: 1,
    begin: (world) => {
      world.diskWeather.isFull = true;
      return () => {
        world.diskWeather.isFull = false;
      };
    },
  },
  {
    name: 'slow disk',
    weight: 2,
    begin: ({ diskWeather, random }) => {
      const fair = diskWeather.latencyMillis;
      diskWeather.latencyMillis = random.between(500, 6000);
      return () => {
        diskWeather.latencyMillis = fair;
      };
    },
  },
  service('throttled', 2),
  service('failing', 2),
  service('lostAnswers', 2),
  {
    name: 'slow services',
    weight: 1,
    begin: ({ aws, random }) => {
      aws.weather.latencyMillis = random.between(500, 8000);
      return () => {
        aws.weather.latencyMillis = FAIR_WEATHER.latencyMillis;
      };
    },
  },
  lambda('throttled', 1),
  lambda('failing', 1),
  lambda('lostAnswers', 2),
  lambda('doubled', 2),
  {
    name: 'lost acknowledgements',
    weight: 2,
    begin: ({ fleet, random }) => {
      fleet.lostAcks = random.pick([0.1, 0.5, 1]);
      return () => {
        fleet.lostAcks = 0;
      };
    },
  },
  {
    name: 'clock jumps ahead',
    weight: 1,
    begin: (world) => {
      world.clockOffsetMillis += world.random.pick([5000, 90_000, TWENTY_MINUTES_MILLIS]);
    },
  },
  {
    name: 'clock jumps back',
    weight: 1,
    begin: (world) => {
      world.clockOffsetMillis -= world.random.pick([2000, 60_000]);
      world.wentBack = true;
    },
  },
];

function service(fate: 'throttled' | 'failing' | 'lostAnswers', weight: number): Fault {
  return {
    name: `services ${fate}`,
    weight,
    begin: ({ aws, random }) => {
      aws.weather[fate] = random.pick([0.05, 0.3, 1]);
      return () => {
        aws.weather[fate] = 0;
      };
    },
  };
}

function lambda(fate: keyof typeof FAIR_LAMBDA, weight: number): Fault {
  return {
    name: `invocations ${fate}`,
    weight,
    begin: ({ lambdaWeather, random }) => {
      lambdaWeather[fate] = random.pick([0.1, 0.4, 1]);
      return () => {
        lambdaWeather[fate] = 0;
      };
    },
  };
}

/** Spreads a world's faults over its storm; each lasts a second to half a minute. */
export function planFaults(world: World): void {
  const { options, random, scheduler, trace } = world;
  const choices = FAULTS.filter(({ fits }) => fits?.(world) ?? true).flatMap((fault) =>
    Array.from({ length: fault.weight }, () => fault),
  );
  for (let count = 0; count < options.faults; count += 1) {
    const fault = random.pick(choices);
    const atMillis = random.fraction() * options.stormMillis * 0.95;
    const lastsMillis = Math.min(random.between(1000, 30_000), options.stormMillis - atMillis - 1);
    const begin = (): void => {
      if (fault.needsProcess && !world.process) {
        scheduler.after(RETRY_MILLIS, begin);
        return;
      }
      trace.add('fault', `${fault.name} for ${lastsMillis}`);
      world.faults += 1;
      const end = fault.begin(world);
      if (end)
        scheduler.after(lastsMillis, () => {
          trace.add('fault', `${fault.name} ends`);
          end();
        });
    };
    scheduler.after(atMillis, begin);
  }
}
