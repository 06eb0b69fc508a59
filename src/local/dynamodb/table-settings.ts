import { AwsError } from '../aws-endpoint/aws-endpoint-error.ts';
import { askDynalite, type DescribedTable, describeTable, findTable } from './described-table.ts';
import type { DynamodbState } from './dynamodb-state.ts';
import type { ItemCounts } from './item-counts.ts';

/** What the operations on tables work with. */
export interface TableContext {
  readonly url: () => string;
  readonly state: DynamodbState;
  readonly counts: ItemCounts;
  readonly nowMillis: () => number;
}

interface UpdateTableInput {
  readonly TableName: string;
  readonly TableClass?: string;
  readonly OnDemandThroughput?: Readonly<Record<string, number>>;
}

interface UpdateBackupsInput {
  readonly TableName: string;
  readonly PointInTimeRecoverySpecification: {
    readonly PointInTimeRecoveryEnabled: boolean;
    readonly RecoveryPeriodInDays?: number;
  };
}

/** The longest recovery period, and the one when none is given (DynamoDB developer guide, "Point-in-time backups"). */
const RECOVERY_DAYS = 35;
const DAY_MILLIS = 86_400_000;

/** DescribeTable: what dynalite tells, with what is kept here. */
export async function describeTableFully(
  context: TableContext,
  { TableName }: { TableName: string },
): Promise<object> {
  return { Table: describe(context, await describeTable(context.url(), TableName)) };
}

/**
 * UpdateTable. Table class and limits of on-demand throughput are kept here; every other change is dynalite's.
 * @throws AwsError ValidationException when one call asks for both kinds
 */
export async function updateTable(context: TableContext, input: UpdateTableInput): Promise<object> {
  const { TableName, TableClass, OnDemandThroughput, ...others } = input;
  if (TableClass === undefined && OnDemandThroughput === undefined)
    return askDynalite(context.url(), 'UpdateTable', input);
  if (Object.keys(others).length > 0)
    throw new AwsError(
      'ValidationException',
      `TableClass and OnDemandThroughput are emulated in calls of their own, without ${Object.keys(others).join(', ')}`,
    );
  const table = await describeTable(context.url(), TableName);
  const updatedMillis = context.nowMillis();
  await context.state.change(table.TableId, {
    ...(TableClass !== undefined && { tableClass: { name: TableClass, updatedMillis } }),
    ...(OnDemandThroughput !== undefined && { onDemandThroughput: OnDemandThroughput }),
  });
  return { TableDescription: describe(context, table) };
}

/** UpdateContinuousBackups: turns point-in-time recovery on or off. */
export async function updateContinuousBackups(
  context: TableContext,
  { TableName, PointInTimeRecoverySpecification: wanted }: UpdateBackupsInput,
): Promise<object> {
  const table = await findTable(context.url(), TableName);
  const { pointInTimeRecovery: before } = context.state.settings(table.TableId);
  const enabled = {
    enabledMillis: before?.enabledMillis ?? context.nowMillis(),
    days: wanted.RecoveryPeriodInDays ?? before?.days ?? RECOVERY_DAYS,
  };
  await context.state.change(table.TableId, {
    pointInTimeRecovery: wanted.PointInTimeRecoveryEnabled ? enabled : undefined,
  });
  return backups(context, table);
}

/** DescribeContinuousBackups. */
export async function describeContinuousBackups(
  context: TableContext,
  { TableName }: { TableName: string },
): Promise<object> {
  return backups(context, await findTable(context.url(), TableName));
}

function backups({ state, nowMillis }: TableContext, { TableId }: DescribedTable): object {
  const { pointInTimeRecovery: on } = state.settings(TableId);
  const times = on && {
    RecoveryPeriodInDays: on.days,
    EarliestRestorableDateTime: new Date(Math.max(on.enabledMillis, nowMillis() - on.days * DAY_MILLIS)),
    LatestRestorableDateTime: new Date(nowMillis()),
  };
  return {
    ContinuousBackupsDescription: {
      ContinuousBackupsStatus: 'ENABLED',
      PointInTimeRecoveryDescription: { PointInTimeRecoveryStatus: on ? 'ENABLED' : 'DISABLED', ...times },
    },
  };
}

function describe({ state, counts }: TableContext, table: DescribedTable): object {
  const { tableClass, onDemandThroughput } = state.settings(table.TableId);
  return {
    ...table,
    CreationDateTime: new Date(table.CreationDateTime * 1000),
    ItemCount: counts.of(table),
    ...(tableClass && {
      TableClassSummary: {
        TableClass: tableClass.name,
        LastUpdateDateTime: new Date(tableClass.updatedMillis),
      },
    }),
    ...(onDemandThroughput && { OnDemandThroughput: onDemandThroughput }),
  };
}
