import { Logger } from '@aws-lambda-powertools/logger';

/** One JSON line per entry, named by the function. */
export function createLogger(functionName: string): Logger {
  return new Logger({ serviceName: functionName });
}
