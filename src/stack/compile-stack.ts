import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { whileHolding } from './file-lock.ts';
import { StackError } from './stack-error.ts';
import type { Template } from './template.ts';

export interface CompileStackOptions {
  /** The folder of `serverless.yml`. */
  readonly projectFolder: string;
  /** Where compiled templates are kept, one for each state of the sources. */
  readonly cacheFolder: string;
  readonly stage?: string;
  /** Parameters that win over those of the stage, as `sls --param` takes them. */
  readonly parameters?: Readonly<Record<string, string>>;
}

/**
 * Compiles `serverless.yml` with the same framework that deploys it, without network or credentials, and reads the
 * CloudFormation template. The result is kept until one of its sources changes.
 *
 * @throws StackError with the framework's own words when the stack does not compile
 */
export async function compileStack(options: CompileStackOptions): Promise<Template> {
  const { projectFolder, cacheFolder, stage = 'dev', parameters = {} } = options;
  const variant = [stage, ...Object.entries(parameters).flat()].join('-').replaceAll(/[^\w.-]/g, '_');
  const kept = join(cacheFolder, `${variant}-${sourceHash(projectFolder)}.json`);
  if (!existsSync(kept)) {
    // The framework works in one folder of the project, whatever its output folder is.
    const lock = join(projectFolder, '.mesonet', 'package.lock');
    await whileHolding(lock, () => packageInto(kept, options));
  }
  return JSON.parse(readFileSync(kept, 'utf8')) as Template;
}

async function packageInto(
  kept: string,
  { projectFolder, cacheFolder, stage = 'dev', parameters = {} }: CompileStackOptions,
): Promise<void> {
  if (existsSync(kept)) return;
  mkdirSync(cacheFolder, { recursive: true });
  const output = join(cacheFolder, `package-${process.pid}`);
  const given = Object.entries(parameters).flatMap(([name, value]) => ['--param', `${name}=${value}`]);
  await runFramework(projectFolder, ['package', '--stage', stage, ...given, '--package', output]);
  renameSync(join(output, 'cloudformation-template-update-stack.json'), kept);
  rmSync(output, { recursive: true, force: true });
}

/** All that decides what is read here: the stack file, its parts, the rules' SQL, and the framework by the lockfile. */
function sourceHash(projectFolder: string): string {
  const hash = createHash('sha256');
  const folders = ['resources', 'rules'];
  const files = folders.flatMap((folder) => filesBelow(join(projectFolder, folder)));
  for (const file of [
    join(projectFolder, 'serverless.yml'),
    join(projectFolder, 'package-lock.json'),
    ...files.sort(),
  ]) {
    hash.update(file.slice(projectFolder.length)).update('\0').update(readFileSync(file)).update('\0');
  }
  return hash.digest('hex').slice(0, 20);
}

function filesBelow(folder: string): string[] {
  if (!existsSync(folder)) return [];
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && /\.(yml|sql)$/.test(entry.name))
    .map((entry) => join(entry.parentPath, entry.name));
}

function runFramework(projectFolder: string, args: readonly string[]): Promise<void> {
  const script = join(projectFolder, 'node_modules', 'serverless', 'bin', 'serverless.js');
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [script, ...args], {
      cwd: projectFolder,
      // The jars of Flink applications are not built: that takes a JDK and Maven.
      env: { ...process.env, MESONET_TEMPLATE_ONLY: '1' },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const output: Buffer[] = [];
    child.stdout.on('data', (chunk: Buffer) => output.push(chunk));
    child.stderr.on('data', (chunk: Buffer) => output.push(chunk));
    child.once('error', (cause) =>
      reject(new StackError(`Cannot compile serverless.yml: ${cause.message}`, { cause })),
    );
    child.once('exit', (code) => {
      if (code === 0) resolve();
      else
        reject(new StackError(`Cannot compile serverless.yml:\n${Buffer.concat(output).toString().trim()}`));
    });
  });
}
