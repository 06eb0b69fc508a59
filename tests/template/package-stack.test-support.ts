import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { compileStack } from '../../src/stack/compile-stack.ts';
import type { Template } from '../../src/stack/template.ts';

export const projectFolder = fileURLToPath(new URL('../..', import.meta.url)).replace(/\/$/, '');

export interface FrameworkResult {
  readonly status: number | null;
  /** Everything it printed, without colours. */
  readonly output: string;
}

/** Runs `sls` as a user would, on the project's Node. */
export function runFramework(args: readonly string[], env: NodeJS.ProcessEnv = process.env): FrameworkResult {
  const script = join(projectFolder, 'node_modules', 'serverless', 'bin', 'serverless.js');
  const { status, stdout, stderr } = spawnSync(process.execPath, [script, ...args], {
    cwd: projectFolder,
    encoding: 'utf8',
    env: { ...env, NO_COLOR: '1', FORCE_COLOR: '0' },
  });
  return { status, output: `${stdout}${stderr}` };
}

/** Stages, with the parameters that make another template of them. */
export const VARIANTS: readonly (readonly [string, Readonly<Record<string, string>>])[] = [
  ['dev', {}],
  ['prod', {}],
  ['dev', { windows: 'flink' }],
];

/** The template that `sls package` makes for a stage; kept until a source changes. */
export function packageStack(
  stage: string,
  parameters: Readonly<Record<string, string>> = {},
): Promise<Template> {
  const cacheFolder = join(projectFolder, '.mesonet', 'stack');
  return compileStack({ projectFolder, cacheFolder, stage, parameters });
}
