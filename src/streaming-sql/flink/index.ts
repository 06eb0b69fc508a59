export { type DifferenceName, differences } from './differences.ts';
export { FlinkError, NotForFlinkError } from './flink-error.ts';
export { type FunctionKind, flinkFunctions } from './flink-functions.ts';
export type { FlinkJob } from './flink-job.ts';
export { judgePumps } from './judge-pumps.ts';
export { type PrintedJob, type PumpOutcome, printFlinkJob, printPlan } from './print-job.ts';
export { printScript } from './print-script.ts';
