import { pathToFileURL } from 'node:url';
import type { Reading } from './window-rows.ts';

/** The few calls of DuckDB's Node client ("@duckdb/node-api") that are used here. */
interface Connection {
  run(sql: string): Promise<unknown>;
  createAppender(table: string): Promise<{
    appendVarchar(value: string): void;
    appendDouble(value: number): void;
    endRow(): void;
    closeSync(): void;
  }>;
}

const QUERY = `CREATE OR REPLACE TABLE result AS SELECT sensor_id, sensor, station_id, avg(value), avg(smoothed), sum(value),
  count(*), min(value), max(value) FROM readings GROUP BY sensor_id, sensor, station_id`;

/**
 * Nanoseconds for each row of the same query over a table that is loaded already, on one thread. `path` is the client's
 * main file: it is no dependency of this project.
 */
export async function measureDuckDb(path: string, rows: readonly Reading[], rounds: number): Promise<number> {
  const { DuckDBInstance } = (await import(pathToFileURL(path).href)) as {
    DuckDBInstance: { create(path: string): Promise<{ connect(): Promise<Connection> }> };
  };
  const connection = await (await DuckDBInstance.create(':memory:')).connect();
  await connection.run('SET threads = 1');
  await connection.run(
    'CREATE TABLE readings (sensor_id VARCHAR, sensor VARCHAR, station_id VARCHAR, value DOUBLE, smoothed DOUBLE)',
  );
  const appender = await connection.createAppender('readings');
  for (let round = 0; round < rounds; round++) {
    for (const { sensor_id, sensor, station_id, sensor_value, sensor_value_smoothed } of rows) {
      for (const text of [sensor_id, sensor, station_id]) appender.appendVarchar(text);
      for (const value of [sensor_value, sensor_value_smoothed]) appender.appendDouble(value);
      appender.endRow();
    }
  }
  appender.closeSync();
  const nanos: number[] = [];
  for (let pass = 0; pass < 7; pass++) {
    const begin = performance.now();
    await connection.run(QUERY);
    nanos.push(((performance.now() - begin) * 1e6) / (rows.length * rounds));
  }
  return nanos.toSorted((a, b) => a - b)[3]!;
}
