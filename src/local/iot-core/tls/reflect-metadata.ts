/**
 * The four functions of the Reflect Metadata proposal that the certificate library's dependency container asks for when it
 * is loaded. Whoever has defined them before is left alone.
 */
const metadata = new WeakMap<object, Map<unknown, unknown>>();

function getOwnMetadata(key: unknown, target: object): unknown {
  return metadata.get(target)?.get(key);
}

function getMetadata(key: unknown, target: object): unknown {
  for (let at: object | null = target; at !== null; at = Object.getPrototypeOf(at) as object | null)
    if (metadata.get(at)?.has(key)) return getOwnMetadata(key, at);
  return undefined;
}

function defineMetadata(key: unknown, value: unknown, target: object): void {
  const known = metadata.get(target) ?? new Map<unknown, unknown>();
  metadata.set(target, known.set(key, value));
}

const decorator = (key: unknown, value: unknown) => (target: object) => defineMetadata(key, value, target);

if (!('getMetadata' in Reflect))
  Object.assign(Reflect, { getOwnMetadata, getMetadata, defineMetadata, metadata: decorator });
