import type { JsonObject, JsonValue } from '../../../iot-sql/index.ts';
import type { ShadowChange, ShadowSections } from './shadow-document.ts';
import { ShadowError } from './shadow-error.ts';
import { isJsonObject, ownValue } from './shadow-json.ts';

/** What a device or a program asks of a shadow. */
export interface ShadowUpdate {
  readonly change: ShadowChange;
  /** The update counts only if the shadow is at this version. */
  readonly version: number | undefined;
  readonly clientToken: string | undefined;
}

/** AWS IoT endpoints and quotas, device shadow. */
const MAX_STATE_BYTES = 8 * 1024;
const MAX_DEPTH = 8;
const MAX_TOKEN_BYTES = 64;

/** @throws ShadowError 400, 413 or 415 with AWS's message (AWS IoT developer guide, device-shadow-error-messages) */
export function parseShadowUpdate(payload: Uint8Array): ShadowUpdate {
  const document = parseDocument(payload);
  const state = ownValue(document, 'state');
  if (state === undefined) throw new ShadowError(400, 'Missing required node: state');
  if (!isJsonObject(state)) throw new ShadowError(400, 'State node must be an object');
  for (const key of Object.keys(state))
    if (key !== 'desired' && key !== 'reported')
      throw new ShadowError(400, `State contains an invalid node: '${key}'`);
  const clientToken = tokenOf(document);
  const version = ownValue(document, 'version');
  if (version !== undefined && version !== null && !Number.isSafeInteger(version))
    throw new ShadowError(400, 'Invalid version');
  const change = { ...sectionOf(state, 'desired'), ...sectionOf(state, 'reported') };
  checkShadowSize(change);
  return { change, version: (version as number | null) ?? undefined, clientToken };
}

/** What a request to get or delete may carry; an empty payload is one. @throws ShadowError 400 or 415 */
export function parseClientToken(payload: Uint8Array): string | undefined {
  return payload.length === 0 ? undefined : tokenOf(parseDocument(payload));
}

/** Metadata does not count. @throws ShadowError 413 */
export function checkShadowSize(state: ShadowChange | ShadowSections): void {
  if (Buffer.byteLength(JSON.stringify(state)) > MAX_STATE_BYTES)
    throw new ShadowError(413, 'The payload exceeds the maximum size allowed');
}

function parseDocument(payload: Uint8Array): JsonObject {
  let text: string;
  try {
    text = new TextDecoder('utf-8', { fatal: true }).decode(payload);
  } catch {
    throw new ShadowError(415, 'Unsupported documented encoding; supported encoding is UTF-8');
  }
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    throw new ShadowError(400, 'Invalid JSON');
  }
  if (!isJsonObject(json)) throw new ShadowError(400, 'Invalid JSON');
  return json;
}

function tokenOf(document: JsonObject): string | undefined {
  const token = ownValue(document, 'clientToken');
  if (token === undefined || token === null) return undefined;
  if (typeof token !== 'string' || Buffer.byteLength(token) > MAX_TOKEN_BYTES)
    throw new ShadowError(400, 'Invalid clientToken');
  return token;
}

function sectionOf(state: JsonObject, name: 'desired' | 'reported'): ShadowChange {
  const section = ownValue(state, name);
  if (section === undefined) return {};
  if (section === null) return { [name]: null };
  if (!isJsonObject(section)) {
    const title = name === 'desired' ? 'Desired' : 'Reported';
    throw new ShadowError(400, `${title} node must be an object`);
  }
  checkLevels(section, 1);
  return { [name]: section };
}

/** A list may not hold null, and nothing may lie too deep. */
function checkLevels(value: JsonValue, depth: number): void {
  if (Array.isArray(value) && value.includes(null))
    throw new ShadowError(400, 'State contains an invalid node: a list may not contain null');
  if (typeof value !== 'object' || value === null) return;
  if (depth > MAX_DEPTH)
    throw new ShadowError(400, `JSON contains too many levels of nesting; maximum is ${MAX_DEPTH}`);
  for (const each of Object.values(value)) checkLevels(each, depth + 1);
}
