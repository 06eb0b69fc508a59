import { vi } from 'vitest';

/** One EMF document as a function printed it. */
export type EmfLine = Readonly<Record<string, unknown>> & {
  readonly _aws: { readonly CloudWatchMetrics: unknown[] };
};

/** Runs `work` and returns its result with the EMF lines that were printed meanwhile. */
export async function captureEmf<T>(work: () => Promise<T>): Promise<{ result: T; emf: EmfLine[] }> {
  const lines: string[] = [];
  const spy = vi.spyOn(process.stdout, 'write').mockImplementation((text) => {
    lines.push(String(text));
    return true;
  });
  try {
    const result = await work();
    const documents = lines
      .filter((line) => line.includes('"_aws"'))
      .map((line) => JSON.parse(line) as EmfLine);
    return { result, emf: documents };
  } finally {
    spy.mockRestore();
  }
}

/** Counts that are left out of a line when they are 0. */
const NOTHING = { RecordsRejected: 0, RecordsDuplicate: 0, RecordsFailed: 0, reason: {} };

/** The counts line of a function. */
export function countsOf(emf: readonly EmfLine[], functionName: string): Record<string, unknown> | undefined {
  const line = emf.find((each) => each.function === functionName && 'RecordsIn' in each);
  if (line === undefined) return undefined;
  const { _aws, function: _function, ...counts } = line;
  return 'RecordsStored' in counts ? { ...NOTHING, ...counts } : counts;
}
