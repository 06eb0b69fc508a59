import { readFileSync } from 'node:fs';
import type { ApplicationPlan, ReferencePlan } from '../streaming-sql/index.ts';
import { LocalError } from './local-error.ts';

/** Rows of reference tables by table name, as the engine takes them: parsed JSON, or CSV text. */
export type ReferenceRows = Readonly<Record<string, readonly unknown[]>>;

/**
 * Loads the reference tables of an application from files (developer guide, "Using Reference Data": an S3 object of CSV
 * or JSON, loaded when the application starts). JSON may be one value or one value a line.
 *
 * @param files file by table name
 * @throws LocalError when a table has no file, a file no table, or a file cannot be read
 */
export function loadReferences(
  { references }: ApplicationPlan,
  files: ReadonlyMap<string, string>,
): ReferenceRows {
  const names = references.map(({ name }) => name);
  const stray = [...files.keys()].find((name) => !names.includes(name));
  if (stray !== undefined) {
    const known = names.length === 0 ? 'it declares none' : `it declares ${names.join(', ')}`;
    throw new LocalError(
      `Cannot use reference table '${stray}': the input schema has no such table, ${known}`,
    );
  }
  return Object.fromEntries(references.map((table) => [table.name, loadTable(table, files.get(table.name))]));
}

function loadTable({ name, format }: ReferencePlan, file: string | undefined): readonly unknown[] {
  if (file === undefined)
    throw new LocalError(`Cannot load reference table '${name}': no file was given for its rows`);
  const text = readTable(name, file);
  if (format === 'CSV') return [text];
  const whole = parse(text);
  return whole === undefined ? parseLines(text, name, file) : [whole];
}

function readTable(name: string, file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (cause) {
    throw new LocalError(`Cannot read '${file}' of reference table '${name}': ${(cause as Error).message}`, {
      cause,
    });
  }
}

function parseLines(text: string, name: string, file: string): unknown[] {
  return text.split('\n').flatMap((line, index) => {
    if (line.trim() === '') return [];
    const value = parse(line);
    if (value === undefined)
      throw new LocalError(
        `Cannot read '${file}' of reference table '${name}': line ${index + 1} is no JSON`,
      );
    return [value];
  });
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
