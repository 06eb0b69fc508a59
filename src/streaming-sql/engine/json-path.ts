import type { PathStep } from '../plan.ts';

type Lookup = (record: unknown) => unknown;

/** The value at a path; own properties only, so that `$.constructor` finds nothing in an empty record. */
export function compileLookup(path: readonly PathStep[]): Lookup {
  return path.reduce<Lookup>(
    (lookup, step) => compileStep(lookup, step),
    (record) => record,
  );
}

function compileStep(lookup: Lookup, step: PathStep): Lookup {
  if (typeof step === 'object') {
    return (record) => {
      const found = lookup(record);
      return Array.isArray(found) ? found : undefined;
    };
  }
  if (typeof step === 'number') {
    return (record) => {
      const found = lookup(record);
      return Array.isArray(found) ? found[step] : undefined;
    };
  }
  const inherited = step in Object.prototype;
  return (record) => {
    const found = lookup(record);
    if (typeof found !== 'object' || found === null || Array.isArray(found)) return undefined;
    if (inherited && !Object.hasOwn(found, step)) return undefined;
    return (found as Readonly<Record<string, unknown>>)[step];
  };
}
