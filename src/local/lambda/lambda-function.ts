import type { Rejections } from './reported-rejections.ts';

/** One function as the compiled stack describes it: what `AWS::Lambda::Function` says, resolved. */
export interface LambdaFunction {
  /** The deployed name, for example `mesonet-dev-storeReadings`. */
  readonly name: string;
  readonly arn: string;
  /** Absolute path of the TypeScript (or JavaScript) file. */
  readonly file: string;
  /** The exported handler, usually `handler`. */
  readonly export: string;
  readonly environment: Readonly<Record<string, string>>;
  readonly timeoutSeconds: number;
  readonly memoryMegabytes: number;
}

/** What a failed invocation answers: the document Lambda returns beside the header `X-Amz-Function-Error`. */
export interface LambdaError {
  readonly errorType: string;
  readonly errorMessage: string;
  readonly trace: readonly string[];
}

export type LambdaResult =
  | {
      readonly ok: true;
      readonly value: unknown;
      readonly requestId: string;
      /** What it says it refused for good: counted by whoever asked, together with being done with the event. */
      readonly rejections?: Rejections;
    }
  | { readonly ok: false; readonly error: LambdaError; readonly requestId: string };

/** Lambda's limit for the event of a synchronous invocation and for its answer (Lambda developer guide, quotas). */
export const MAX_PAYLOAD_BYTES = 6 * 1024 * 1024;

/** And for the event of an asynchronous one. */
export const MAX_ASYNC_PAYLOAD_BYTES = 1024 * 1024;
