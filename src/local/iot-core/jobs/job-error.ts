import type { JsonObject } from '../../../iot-sql/index.ts';
import { LocalError } from '../../local-error.ts';

/** AWS IoT developer guide, jobs-api, ErrorResponse: those that can happen here. */
export type JobErrorCode =
  | 'InvalidJson'
  | 'InvalidRequest'
  | 'InvalidStateTransition'
  | 'ResourceNotFound'
  | 'TerminalStateReached'
  | 'VersionMismatch';

/** What the jobs service refuses a device. */
export class JobError extends LocalError {
  override name = 'JobError';
  readonly code: JobErrorCode;
  /** How the execution is, for a device whose idea of it is old. */
  readonly executionState: JsonObject | undefined;

  constructor(code: JobErrorCode, message: string, executionState?: JsonObject) {
    super(message);
    this.code = code;
    this.executionState = executionState;
  }
}
