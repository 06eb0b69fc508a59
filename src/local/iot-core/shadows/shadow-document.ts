import type { JsonObject, JsonValue } from '../../../iot-sql/index.ts';
import { createJsonObject, isJsonObject, isSameJson, ownValue } from './shadow-json.ts';

/** The two sides of a shadow; one that is empty is left out. */
export interface ShadowSections {
  readonly desired?: JsonObject;
  readonly reported?: JsonObject;
}

/** A shadow as it is kept: the state, when each part of it was set last (in seconds), and its version. */
export interface ShadowDocument {
  readonly state: ShadowSections;
  readonly metadata: ShadowSections;
  readonly version: number;
}

/** What an update asks for; a section that is null is removed whole. */
export interface ShadowChange {
  readonly desired?: JsonObject | null;
  readonly reported?: JsonObject | null;
}

/** What the desired side has and the reported side has not, and since when. */
export interface ShadowDelta {
  readonly state: JsonObject;
  readonly metadata: JsonObject;
}

export const EMPTY_SHADOW: ShadowDocument = { state: {}, metadata: {}, version: 0 };

const SECTIONS = ['desired', 'reported'] as const;

/**
 * The document after an update (AWS IoT developer guide, device-shadow-document): only what the change names is touched,
 * null removes a key, a list is replaced whole, and the version grows by one.
 */
export function applyShadowChange(
  document: ShadowDocument,
  change: ShadowChange,
  timestampSeconds: number,
): ShadowDocument {
  const state: { desired?: JsonObject; reported?: JsonObject } = {};
  const metadata: { desired?: JsonObject; reported?: JsonObject } = {};
  for (const section of SECTIONS) {
    const wanted = change[section];
    if (wanted === null) continue;
    const oldState = document.state[section];
    const oldMetadata = document.metadata[section];
    if (wanted === undefined) {
      if (oldState) state[section] = oldState;
      if (oldMetadata) metadata[section] = oldMetadata;
      continue;
    }
    const merged = merge({ state: oldState, metadata: oldMetadata }, wanted, timestampSeconds);
    if (Object.keys(merged.state).length === 0) continue;
    state[section] = merged.state;
    metadata[section] = merged.metadata;
  }
  return { state, metadata, version: document.version + 1 };
}

/** The metadata of what a change sets, as `/update/accepted` has it. */
export function metadataOfChange(change: ShadowChange, timestampSeconds: number): ShadowSections {
  return applyShadowChange(EMPTY_SHADOW, change, timestampSeconds).metadata;
}

/** Undefined when the device reports all that is desired (AWS IoT developer guide, device-shadow-document, delta state). */
export function shadowDelta({ state, metadata }: ShadowDocument): ShadowDelta | undefined {
  return state.desired && differ({ state: state.desired, metadata: metadata.desired }, state.reported ?? {});
}

interface Side {
  readonly state: JsonObject | undefined;
  readonly metadata: JsonObject | undefined;
}

function merge(
  old: Side,
  change: JsonObject,
  timestamp: number,
): { state: JsonObject; metadata: JsonObject } {
  const state = createJsonObject(Object.entries(old.state ?? {}));
  const metadata = createJsonObject(Object.entries(old.metadata ?? {}));
  for (const [key, value] of Object.entries(change)) {
    if (value === null) {
      delete state[key];
      delete metadata[key];
    } else if (isJsonObject(value)) {
      const merged = merge(childOf(old, key), value, timestamp);
      state[key] = merged.state;
      metadata[key] = merged.metadata;
    } else {
      state[key] = value;
      metadata[key] = stamp(value, timestamp);
    }
  }
  return { state, metadata };
}

function childOf({ state, metadata }: Side, key: string): Side {
  const [child, stamps] = [ownValue(state, key), ownValue(metadata, key)];
  return isJsonObject(child)
    ? { state: child, metadata: isJsonObject(stamps) ? stamps : undefined }
    : { state: undefined, metadata: undefined };
}

/** Each element of a list has a time of its own. */
function stamp(value: JsonValue, timestamp: number): JsonValue {
  if (Array.isArray(value)) return value.map((each) => stamp(each, timestamp));
  if (!isJsonObject(value)) return { timestamp };
  return createJsonObject(Object.entries(value).map(([key, each]) => [key, stamp(each, timestamp)]));
}

function differ(desired: Side, reported: JsonObject): ShadowDelta | undefined {
  const state = createJsonObject();
  const metadata = createJsonObject();
  for (const [key, value] of Object.entries(desired.state ?? {})) {
    const other = ownValue(reported, key);
    if (isJsonObject(value) && isJsonObject(other)) {
      const nested = differ(childOf(desired, key), other);
      if (!nested) continue;
      state[key] = nested.state;
      metadata[key] = nested.metadata;
    } else if (other === undefined || !isSameJson(value, other)) {
      state[key] = value;
      const stamps = ownValue(desired.metadata, key);
      if (stamps !== undefined) metadata[key] = stamps;
    }
  }
  return Object.keys(state).length > 0 ? { state, metadata } : undefined;
}
