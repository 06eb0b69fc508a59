import type { AlertState } from '../../src/stores/windows-table.ts';

/** Limits of one sensor type; outside them a window's average raises an alert. */
export interface Threshold {
  readonly above?: number;
  readonly below?: number;
}

export type Thresholds = ReadonlyMap<string, Threshold>;

/**
 * ALERT_THRESHOLDS, for example `{"temperature":{"above":35,"below":-20}}` → limits by sensor type.
 * @throws Error that names what is wrong: a mistake of the stack
 */
export function parseThresholds(text: string): Thresholds {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw new Error('Cannot read ALERT_THRESHOLDS: it is not valid JSON', { cause });
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new Error('Cannot read ALERT_THRESHOLDS: it is not a JSON object keyed by sensor type');
  }
  return new Map(Object.entries(value).map(([sensor, limits]) => [sensor, checkThreshold(sensor, limits)]));
}

/** The state that a value means; without limits, always normal. */
export function classifyValue(value: number, threshold: Threshold | undefined): AlertState {
  if (threshold?.above !== undefined && value > threshold.above) return 'above';
  if (threshold?.below !== undefined && value < threshold.below) return 'below';
  return 'normal';
}

function checkThreshold(sensor: string, limits: unknown): Threshold {
  if (typeof limits !== 'object' || limits === null) {
    throw new Error(`Cannot read ALERT_THRESHOLDS: "${sensor}" is not an object with "above" or "below"`);
  }
  for (const [name, limit] of Object.entries(limits)) {
    if ((name !== 'above' && name !== 'below') || typeof limit !== 'number') {
      throw new Error(
        `Cannot read ALERT_THRESHOLDS: "${sensor}" holds "${name}", not a number "above" or "below"`,
      );
    }
  }
  return limits as Threshold;
}
