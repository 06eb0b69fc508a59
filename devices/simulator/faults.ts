import { SimulatorOptionError } from '../device-error.ts';
import { decimal } from './decimal.ts';

/** A share of something, and how large the fault may be. */
export interface Fault {
  readonly fraction: number;
  readonly maxSeconds: number;
}

/** What goes wrong with the fleet, each as a share of all cases. */
export interface Faults {
  /** Publishes during which the device loses its connection. */
  readonly drop: number;
  /** Publishes that the device makes twice. */
  readonly dup: number;
  /** Publishes that are followed by one that holds no reading. */
  readonly garbage: number;
  /** Readings held back and sent late. */
  readonly late: Fault;
  /** Stations whose clock is off. */
  readonly skew: Fault;
}

export type FaultName = keyof Faults;

export const NO_FAULTS: Faults = {
  drop: 0,
  dup: 0,
  garbage: 0,
  late: { fraction: 0, maxSeconds: 120 },
  skew: { fraction: 0, maxSeconds: 600 },
};

/** What a fault that is only named means. */
export const USUAL_FAULTS: Faults = {
  drop: 0.001,
  dup: 0.01,
  garbage: 0.01,
  late: { fraction: 0.05, maxSeconds: NO_FAULTS.late.maxSeconds },
  skew: { fraction: 0.1, maxSeconds: NO_FAULTS.skew.maxSeconds },
};

const MAX_SECONDS = 86_400;

/**
 * Reads `NAME[:FRACTION[:MAX_SECONDS]],…`, for example `drop,late:0.05:120`; only `late` and `skew` have seconds.
 * @throws SimulatorOptionError
 */
export function parseFaults(text: string): Faults {
  const given = text
    .split(',')
    .map((each) => each.trim())
    .filter((each) => each !== '')
    .map(parseFault);
  return { ...NO_FAULTS, ...Object.fromEntries(given) };
}

function parseFault(text: string): [FaultName, number | Fault] {
  const [name = '', fractionText, secondsText, ...rest] = text.split(':');
  if (!Object.hasOwn(USUAL_FAULTS, name))
    throw new SimulatorOptionError(
      `Cannot use fault "${name}": expected one of ${Object.keys(USUAL_FAULTS).join(', ')}`,
    );
  const usual = USUAL_FAULTS[name as FaultName];
  const hasSeconds = typeof usual !== 'number';
  if (rest.length > 0 || (secondsText !== undefined && !hasSeconds)) throw wrongFault(name, text);
  const usualFraction = hasSeconds ? usual.fraction : usual;
  const fraction = fractionText === undefined ? usualFraction : decimal(fractionText);
  if (!hasSeconds) return [name as FaultName, checkFraction(name, fraction, text)];
  const maxSeconds = secondsText === undefined ? usual.maxSeconds : decimal(secondsText);
  return [name as FaultName, checkFault(name, { fraction, maxSeconds }, text)];
}

/** @throws SimulatorOptionError naming the fault, the value and what it takes */
export function checkFaults(faults: Faults): Faults {
  for (const name of ['drop', 'dup', 'garbage'] as const) checkFraction(name, faults[name]);
  for (const name of ['late', 'skew'] as const) checkFault(name, faults[name]);
  return faults;
}

function checkFraction(name: string, fraction: number, text = `${name}:${fraction}`): number {
  if (fraction >= 0 && fraction <= 1) return fraction;
  throw wrongFault(name, text);
}

function checkFault(
  name: string,
  fault: Fault,
  text = `${name}:${fault.fraction}:${fault.maxSeconds}`,
): Fault {
  checkFraction(name, fault.fraction, text);
  if (fault.maxSeconds >= 1 && fault.maxSeconds <= MAX_SECONDS) return fault;
  throw wrongFault(name, text);
}

function wrongFault(name: string, text: string): SimulatorOptionError {
  const seconds = typeof USUAL_FAULTS[name as FaultName] === 'number' ? '' : '[:MAX_SECONDS]';
  const range = seconds === '' ? '' : ` and 1 to ${MAX_SECONDS} seconds`;
  return new SimulatorOptionError(
    `Cannot use fault "${text}": expected ${name}[:FRACTION${seconds}], a fraction from 0 to 1${range}`,
  );
}
