import { existsSync, readFileSync } from 'node:fs';
import { text } from 'node:stream/consumers';
import type { InputSchema } from '../../streaming-sql/index.ts';
import { SqlCommandError } from './sql-command-error.ts';

/** The text of a file, or of standard input for `-`. @throws SqlCommandError */
export async function readText(file: string): Promise<string> {
  if (file === '-') return text(process.stdin);
  try {
    return readFileSync(file, 'utf8');
  } catch (cause) {
    throw new SqlCommandError(`Cannot read '${file}': ${(cause as Error).message}`, { cause });
  }
}

/** The JSON value of a file. @throws SqlCommandError */
export async function readJson(file: string): Promise<unknown> {
  const content = await readText(file);
  try {
    return JSON.parse(content);
  } catch (cause) {
    throw new SqlCommandError(`Cannot read '${file}': it is not valid JSON (${(cause as Error).message})`, {
      cause,
    });
  }
}

/** `weather-windows.sql` → `weather-windows.input.json`, where the runtime looks for the schema too. */
export function schemaFileOf(file: string): string {
  return `${file.replace(/\.sql$/, '')}.input.json`;
}

/** `weather-alerts.sql`, table THRESHOLDS → `weather-alerts.thresholds.csv`: where its rows are looked for. */
export function referenceFileOf(file: string, table: string, format: 'CSV' | 'JSON'): string {
  const name = table.replace(/\W/g, '_').toLowerCase();
  return `${file.replace(/\.sql$/, '')}.${name}.${format.toLowerCase()}`;
}

/** The input schema that was named, or the one beside the SQL file if there is one. @throws SqlCommandError */
export async function readSchema(file: string, named: string | undefined): Promise<InputSchema | undefined> {
  const schema = named ?? schemaFileOf(file);
  if (named === undefined && (file === '-' || !existsSync(schema))) return undefined;
  const value = await readJson(schema);
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as InputSchema;
  throw new SqlCommandError(`Cannot use input schema '${schema}': it is not a JSON object`);
}
