export { type CompileOptions, compileApplication, type TimeOptions } from './compile-application.ts';
export type { InputSchema, RecordColumn, ReferenceDataSource, SourceSchema } from './input-schema.ts';
export type {
  ApplicationPlan,
  ColumnPlan,
  PlanWarning,
  PumpPlan,
  ReferencePlan,
  StreamPlan,
} from './plan.ts';
export { type ReportOptions, reportApplication } from './report-application.ts';
export type { SqlType, SqlTypeName } from './sql-type.ts';
export type { ApplicationReport, StatementReport } from './statement-report.ts';
export { StreamingSqlError } from './streaming-sql-error.ts';
export type { Support, SupportClass } from './support.ts';
export { parseTimestampText, printTimestamp } from './timestamp-text.ts';
