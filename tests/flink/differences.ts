import type { DifferenceName } from '../../src/streaming-sql/flink/index.ts';

/** Cases whose rows differ between the embedded engine and Flink, and why; docs/flink.md says the same in full. */
export const expectedDifferences: Readonly<Record<string, DifferenceName>> = {
  'row-and-time-windows': 'peers',
  'sliding-windows': 'peers',
};
