import type { LedgerReport, StageEntry } from '../../src/local/ledger.ts';
import type { RunningPipeline } from './running-pipeline.test-support.ts';

export function meterReading(
  sensor_id: string,
  sensor_timestamp: number,
  sensor_value: number,
  change: object = {},
) {
  return {
    sensor_id,
    station_id: 'meter-7',
    sensor: 'power',
    state: 'WA',
    city: 'Seattle',
    sensor_timestamp,
    sensor_value,
    ...change,
  };
}

export function stageOf(ledger: LedgerReport, name: string): StageEntry | undefined {
  return ledger.stages.find(({ stage }) => stage === name);
}

/** Posts as gateways and meters do. */
export async function post(
  { http, token }: { readonly http: string; readonly token: string },
  body: string | Uint8Array<ArrayBuffer>,
  headers: Record<string, string> = {},
): Promise<{ status: number; text: string }> {
  const response = await fetch(`${http}/v1/readings`, {
    method: 'POST',
    body,
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json', ...headers },
  });
  return { status: response.status, text: await response.text() };
}

export async function valuesOf(
  pipeline: RunningPipeline,
  sensorId: string,
  from: number,
  to: number,
): Promise<number[]> {
  const path = `/v1/sensors/${sensorId}/samples?from=${from}&to=${to}&limit=10000`;
  return (await pipeline.get<{ value: number }[]>(path)).map(({ value }) => value);
}

/** For any client of the SDK. */
export function clientOptions({ awsEndpoint }: { readonly awsEndpoint: string }) {
  return {
    endpoint: awsEndpoint,
    region: 'us-east-1',
    credentials: { accessKeyId: 'local', secretAccessKey: 'local' },
  };
}
