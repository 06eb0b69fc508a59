import { readFileSync } from 'node:fs';
import type { ApplicationResource } from '../stack/stack.ts';
import { type ApplicationPlan, compileApplication, type InputSchema } from '../streaming-sql/index.ts';
import { LocalError } from './local-error.ts';
import { loadReferences, type ReferenceRows } from './reference-table.ts';

/** A streaming SQL application, compiled, with the rows of its reference tables. */
export interface ApplicationFiles {
  readonly plan: ApplicationPlan;
  readonly references: ReferenceRows;
}

/**
 * Compiles an application's SQL with the input schema beside it and loads its reference tables.
 * @throws StreamingSqlError with file, line and caret, or LocalError when a file is missing or an output has no stream
 */
export function loadApplication(resource: ApplicationResource, projectFolder: string): ApplicationFiles {
  const { name, file, time } = resource;
  const plan = compileApplication(readText(file, name), {
    file: file.slice(projectFolder.length + 1),
    input: readSchema(file.replace(/\.sql$/, '.input.json'), name),
    ...(time && { time }),
  });
  checkOutputs(resource, plan);
  const files = new Map(resource.references.map((reference) => [reference.table, reference.file]));
  return { plan, references: loadReferences(plan, files) };
}

function checkOutputs({ name, outputs }: ApplicationResource, { streams }: ApplicationPlan): void {
  const unknown = outputs.find(({ from }) => !streams.some((stream) => stream.name === from));
  if (!unknown) return;
  const known = streams.map((stream) => `'${stream.name}'`).join(', ');
  throw new LocalError(
    `Cannot start application '${name}': its SQL makes no stream '${unknown.from}', it makes ${known}`,
  );
}

function readSchema(file: string, application: string): InputSchema {
  const text = readText(file, application);
  try {
    return JSON.parse(text) as InputSchema;
  } catch (cause) {
    throw new LocalError(
      `Cannot read '${file}' of the application '${application}': it is not valid JSON (${(cause as Error).message})`,
      { cause },
    );
  }
}

function readText(file: string, application: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (cause) {
    throw new LocalError(
      `Cannot read '${file}' of the application '${application}': ${(cause as Error).message}`,
      { cause },
    );
  }
}
