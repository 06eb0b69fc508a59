import type { DurableLog } from '../../log/durable-log.ts';
import { KeptMap } from '../../log/kept-map.ts';
import { checkShadowSize, type ShadowUpdate } from './parse-shadow-update.ts';
import { applyShadowChange, EMPTY_SHADOW, type ShadowDocument } from './shadow-document.ts';
import { ShadowError } from './shadow-error.ts';

/** Which shadow: the classic one of a thing, or one by its name. */
export interface ShadowId {
  readonly thingName: string;
  readonly shadowName: string | undefined;
}

/** What is kept of one; a shadow that was deleted keeps its version for a while. */
interface KeptShadow extends ShadowDocument {
  readonly deletedMillis?: number;
}

/** AWS IoT developer guide, device-shadow-document, versions: a shadow made again within two days counts on. */
const KEEP_VERSION_MILLIS = 48 * 3600_000;

/** The shadows of all things; what changes is durable with the log's next commit. */
export class ShadowStore {
  readonly #shadows: KeptMap<KeptShadow>;
  readonly #nowMillis: () => number;

  constructor(log: DurableLog, nowMillis: () => number) {
    this.#shadows = new KeptMap(log, 'iot/shadow/');
    this.#nowMillis = nowMillis;
    for (const [key, shadow] of this.#shadows.sorted())
      if (this.#isForgotten(shadow)) this.#shadows.delete(key);
  }

  find(id: ShadowId): ShadowDocument | undefined {
    const shadow = this.#shadows.get(keyOf(id));
    return shadow && shadow.deletedMillis === undefined ? shadow : undefined;
  }

  /** @throws ShadowError 404 */
  get(id: ShadowId): ShadowDocument {
    const shadow = this.find(id);
    if (!shadow) {
      const { thingName, shadowName } = id;
      const name = shadowName === undefined ? thingName : `${thingName}~${shadowName}`;
      throw new ShadowError(404, `No shadow exists with name: '${name}'`);
    }
    return shadow;
  }

  /** @returns what was, and what is now. @throws ShadowError 409 or 413 */
  update(
    id: ShadowId,
    { change, version }: ShadowUpdate,
  ): { previous: ShadowDocument | undefined; current: ShadowDocument } {
    const previous = this.find(id);
    const base = previous ?? { ...EMPTY_SHADOW, version: this.#deletedVersion(id) };
    if (version !== undefined && version !== base.version) throw new ShadowError(409, 'Version conflict');
    const current = applyShadowChange(base, change, Math.floor(this.#nowMillis() / 1000));
    checkShadowSize(current.state);
    this.#shadows.set(keyOf(id), current);
    return { previous, current };
  }

  /** @returns the version that was deleted. @throws ShadowError 404 */
  delete(id: ShadowId): number {
    const { version } = this.get(id);
    this.#shadows.set(keyOf(id), { ...EMPTY_SHADOW, version, deletedMillis: this.#nowMillis() });
    return version;
  }

  /** Names of the named shadows of a thing, in order. */
  names(thingName: string): string[] {
    const prefix = keyOf({ thingName, shadowName: '' });
    return this.#shadows
      .sorted()
      .filter(([key, shadow]) => shadow.deletedMillis === undefined && key.startsWith(prefix))
      .map(([key]) => key.slice(prefix.length))
      .filter((name) => name !== '');
  }

  #deletedVersion(id: ShadowId): number {
    const shadow = this.#shadows.get(keyOf(id));
    return shadow && !this.#isForgotten(shadow) ? shadow.version : 0;
  }

  #isForgotten({ deletedMillis }: KeptShadow): boolean {
    return deletedMillis !== undefined && deletedMillis + KEEP_VERSION_MILLIS < this.#nowMillis();
  }
}

/** No name holds a slash, and none is empty. */
function keyOf({ thingName, shadowName }: ShadowId): string {
  return `${thingName}/${shadowName ?? ''}`;
}
