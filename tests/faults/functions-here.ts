import { closeClients } from '../../src/stores/aws-clients.ts';

/** A function as Lambda invokes it. */
export type Handler = (event: unknown) => Promise<{ batchItemFailures: unknown[] } | undefined>;

/** As the stack sets it for functions. */
const ENVIRONMENT = {
  POWERTOOLS_LOG_LEVEL: 'SILENT',
  POWERTOOLS_DEV: 'true',
  AWS_ENDPOINT_URL: '',
  AWS_REGION: 'us-east-1',
  AWS_ACCESS_KEY_ID: 'local',
  AWS_SECRET_ACCESS_KEY: 'local',
  READINGS_STREAM: 'mesonet-dev-readings',
  WINDOWS_STREAM: 'mesonet-dev-windows',
  READINGS_TABLE_PREFIX: 'mesonet-dev-readings-',
  READINGS_ITEM_MINUTES: '1',
  LATEST_TABLE: 'mesonet-dev-latest',
  WINDOWS_TABLE: 'mesonet-dev-windows',
  DEVICES_TABLE: 'mesonet-dev-devices',
  ARCHIVE_BUCKET: 'mesonet-dev-archivebucket',
  METRICS_NAMESPACE: 'Mesonet',
  EXPORT_AFTER_WEEKS: '4',
};

/** Lets functions run in this process, against an endpoint. */
export function setEnvironment(endpoint: string): void {
  closeClients();
  Object.assign(process.env, { ...ENVIRONMENT, AWS_ENDPOINT_URL: endpoint });
}

export function clearEnvironment(): void {
  closeClients();
  for (const name of Object.keys(ENVIRONMENT)) delete process.env[name];
}

/** Whether one invocation takes all of an event. What functions print of their counts is kept from the terminal. */
export async function isDoneBy(handler: Handler, event: unknown): Promise<boolean> {
  const { write } = process.stdout;
  process.stdout.write = () => true;
  try {
    return ((await handler(event))?.batchItemFailures.length ?? 0) === 0;
  } catch {
    return false;
  } finally {
    process.stdout.write = write;
  }
}
