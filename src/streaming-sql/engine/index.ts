export type { ApplicationPlan } from '../plan.ts';
export { createEngine, type Engine } from './engine.ts';
export { EngineError, EvaluationError, SnapshotError } from './engine-error.ts';
export type {
  EngineOptions,
  EngineStats,
  ErrorRow,
  LateRow,
  OpenWindow,
  OutputMeta,
  RecordMeta,
} from './engine-options.ts';
export type { OutputRow } from './row-printer.ts';
