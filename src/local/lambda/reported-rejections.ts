import { parseEmf } from './emf.ts';

/** How many records a function says that it refused for good, by function and reason: `store-readings: not-json`. */
export type Rejections = Readonly<Record<string, number>>;

/** What one invocation printed, as far as it tells of rejections; undefined when it tells of none. */
export function reportedRejections(printed: readonly string[]): Rejections | undefined {
  const found: Record<string, number> = {};
  for (const line of printed.flatMap((text) => text.split('\n'))) {
    const result = parseEmf(line);
    if (result.kind !== 'metrics') continue;
    for (const { name, dimensions, properties } of result.data) {
      const { reason } = properties;
      if (name !== METRIC || reason === null || typeof reason !== 'object') continue;
      for (const [each, count] of Object.entries(reason as Record<string, number>)) {
        const key = `${dimensions.function ?? ''}: ${each}`;
        found[key] = (found[key] ?? 0) + count;
      }
    }
  }
  return Object.keys(found).length > 0 ? found : undefined;
}

/** Whether a text may tell of rejections: most of what is printed does not, and need not be parsed. */
export function mayTellOfRejections(text: string): boolean {
  return text.includes(METRIC);
}

const METRIC = 'RecordsRejected';
