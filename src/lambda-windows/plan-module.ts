import { readFileSync } from 'node:fs';
import { relative } from 'node:path';
import type { InputSchema } from '../streaming-sql/index.ts';
import { compileWindowPlan, type WindowPlanSettings } from './compile-window-plan.ts';

/**
 * The ECMAScript module that importing an `.sql` file gives: its plan as the default export. The input schema stands beside
 * the file as `<name>.input.json`.
 * @throws StreamingSqlError, WindowPlanError
 */
export function planModule(file: string, projectFolder: string, settings: WindowPlanSettings = {}): string {
  const plan = compileWindowPlan(
    {
      file: relative(projectFolder, file),
      sql: readFileSync(file, 'utf8'),
      input: JSON.parse(readFileSync(file.replace(/\.sql$/, '.input.json'), 'utf8')) as InputSchema,
    },
    settings,
  );
  return `export default ${JSON.stringify(plan)};\n`;
}
