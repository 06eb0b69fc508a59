import type { TableResource } from '../../stack/stack.ts';
import { listOf, numberOf, objectOf, type Properties } from '../../stack/template.ts';
import { DAYS_PER_MONTH, GIGABYTE, HOURS_PER_MONTH, SECONDS_PER_MONTH, type Usage } from '../cost-line.ts';
import { type Deployment, isOnDemand } from '../deployment.ts';
import type { Use } from '../handlers/work.ts';

/** Writes, reads, storage and recovery of the tables; those that a function makes are on demand. */
export function dynamoDbUsage({ stack }: Deployment, uses: readonly Use[], storageMonths: number): Usage[] {
  const tableOf = (name: string): TableResource | undefined =>
    stack.tables.find((each) => each.name === name);
  const used = uses.flatMap((use): Usage[] => {
    if (use.kind === 'keep') return keep(use, tableOf(use.table), storageMonths);
    if (use.kind !== 'write' && use.kind !== 'read') return [];
    const table = tableOf(use.table);
    if (table && !isOnDemand(table)) return [];
    const price = use.kind === 'write' ? 'dynamodb.writes' : 'dynamodb.reads';
    const what = `table ${use.table}: ${use.what}`;
    return [{ price, what, perMonth: use.unitsPerSecond * SECONDS_PER_MONTH }];
  });
  return [...used, ...stack.tables.filter((table) => !isOnDemand(table)).flatMap(provisioned)];
}

function keep(use: Use & { kind: 'keep' }, table: TableResource | undefined, storageMonths: number): Usage[] {
  const months = Math.min(storageMonths, (use.days ?? Number.POSITIVE_INFINITY) / DAYS_PER_MONTH);
  const perMonth = ((use.bytesPerSecond * SECONDS_PER_MONTH) / GIGABYTE) * months;
  const recovery = objectOf(table?.input ?? {}, 'PointInTimeRecoverySpecification');
  return [
    { price: 'dynamodb.storage', what: `table ${use.table}`, perMonth },
    {
      price: 'dynamodb.recovery',
      what: `table ${use.table}`,
      perMonth: recovery.PointInTimeRecoveryEnabled === true ? perMonth : 0,
    },
  ];
}

function provisioned({ name, input }: TableResource): Usage[] {
  const parts: readonly Properties[] = [input, ...listOf(input, 'GlobalSecondaryIndexes')];
  const hours = (unit: string): number =>
    parts.reduce((sum, part) => sum + numberOf(objectOf(part, 'ProvisionedThroughput'), unit, 0), 0) *
    HOURS_PER_MONTH;
  return [
    { price: 'dynamodb.writeCapacity', what: `table ${name}`, perMonth: hours('WriteCapacityUnits') },
    { price: 'dynamodb.readCapacity', what: `table ${name}`, perMonth: hours('ReadCapacityUnits') },
  ];
}
