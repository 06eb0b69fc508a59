import { readFileSync } from 'node:fs';
import {
  type ApplicationPlan,
  compileApplication,
  type InputSchema,
  type TimeOptions,
} from '../../src/streaming-sql/index.ts';

const folder = new URL('../../analytics-sql/', import.meta.url);
const sql = readFileSync(new URL('weather-windows.sql', folder), 'utf8');
const input = JSON.parse(readFileSync(new URL('weather-windows.input.json', folder), 'utf8')) as InputSchema;
const plans = new Map<string, ApplicationPlan>();

/** The deployed windows application with its time taken from here or there. */
export function planOf(time: TimeOptions): ApplicationPlan {
  const key = JSON.stringify(time);
  const plan = plans.get(key) ?? compileApplication(sql, { file: 'weather-windows.sql', input, time });
  plans.set(key, plan);
  return plan;
}
