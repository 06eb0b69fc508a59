import type { ColumnPlan } from './plan.ts';
import { timestamp, varchar } from './sql-type.ts';

/** Developer guide, "Timestamps and the ROWTIME Column" and "Pseudo-columns": what every source row carries besides. */
export const pseudoColumns: readonly ColumnPlan[] = [
  { name: 'APPROXIMATE_ARRIVAL_TIME', type: timestamp },
  { name: 'SHARD_ID', type: varchar(64) },
  { name: 'SEQUENCE_NUMBER', type: varchar(128) },
  { name: 'PARTITION_KEY', type: varchar(256) },
];
