import { ownField } from './decode-field.ts';
import { isJsonObject, type JsonObject } from './decode-json.ts';

/** What a device asks for at its start: how often to measure, and whether to publish at all. */
export interface DeviceConfig {
  readonly device_id: string;
  readonly sampling_interval_seconds: number;
  readonly enabled: boolean;
  /** Free settings of the device's own firmware: flat, strings, finite numbers and booleans. */
  readonly settings?: Readonly<Record<string, string | number | boolean>>;
  /** When it was last written, milliseconds since the epoch. */
  readonly updated_at: number;
  /** 1 for the first write, one more for each further one. */
  readonly version: number;
}

/** What a client may write; `version`, when given, must be the stored one (optimistic locking). */
export interface DeviceConfigChange {
  readonly sampling_interval_seconds: number;
  readonly enabled: boolean;
  readonly settings?: Readonly<Record<string, string | number | boolean>>;
  readonly version?: number;
}

export const MIN_SAMPLING_SECONDS = 0.1;
export const MAX_SAMPLING_SECONDS = 86_400;
const MAX_SETTINGS = 100;
const MAX_SETTING_CHARACTERS = 1_000;
const CHANGE_FIELDS = new Set(['sampling_interval_seconds', 'enabled', 'settings', 'version']);
/** Written by the store: a client that sends back what it read is not refused for them. */
const READ_ONLY_FIELDS = new Set(['device_id', 'updated_at']);

/** Checks the body of a write; returns the change, or one sentence that says what is wrong. */
export function checkDeviceConfig(body: unknown): DeviceConfigChange | string {
  if (!isJsonObject(body)) return 'The body must be a JSON object';
  const unknown = Object.keys(body).find((name) => !CHANGE_FIELDS.has(name) && !READ_ONLY_FIELDS.has(name));
  if (unknown !== undefined) return `"${unknown}" is not a field of a device configuration`;
  const seconds = ownField(body, 'sampling_interval_seconds');
  if (typeof seconds !== 'number' || !(seconds >= MIN_SAMPLING_SECONDS && seconds <= MAX_SAMPLING_SECONDS)) {
    return `"sampling_interval_seconds" must be a number from ${MIN_SAMPLING_SECONDS} to ${MAX_SAMPLING_SECONDS}`;
  }
  const enabled = ownField(body, 'enabled') ?? true;
  if (typeof enabled !== 'boolean') return '"enabled" must be true or false';
  const version = ownField(body, 'version');
  if (version !== undefined && !(Number.isSafeInteger(version) && (version as number) >= 0)) {
    return '"version" must be a whole number, the version that was read';
  }
  const settings = checkSettings(ownField(body, 'settings'));
  if (typeof settings === 'string') return settings;
  return {
    sampling_interval_seconds: seconds,
    enabled,
    ...(settings === undefined ? {} : { settings }),
    ...(version === undefined ? {} : { version: version as number }),
  };
}

function checkSettings(settings: unknown): DeviceConfigChange['settings'] | string {
  if (settings === undefined) return undefined;
  if (!isJsonObject(settings)) return '"settings" must be an object';
  const names = Object.keys(settings);
  if (names.length > MAX_SETTINGS) return `"settings" has ${names.length} entries, at most ${MAX_SETTINGS}`;
  const checked: Record<string, string | number | boolean> = Object.create(null);
  for (const name of names) {
    const value = settings[name];
    if (!isSetting(name, value))
      return `"settings" holds at "${name.slice(0, 40)}" what is not a short string, number or boolean`;
    checked[name] = value;
  }
  return checked;
}

function isSetting(name: string, value: JsonObject[string]): value is string | number | boolean {
  if (name === '' || name.length > MAX_SETTING_CHARACTERS) return false;
  if (typeof value === 'string') return value.length <= MAX_SETTING_CHARACTERS;
  if (typeof value === 'number') return Number.isFinite(value) && Math.abs(value) <= Number.MAX_SAFE_INTEGER;
  return typeof value === 'boolean';
}
