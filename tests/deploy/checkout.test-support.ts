import { spawn } from 'node:child_process';
import { cpSync, existsSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { stripVTControlCharacters } from 'node:util';
import type { Template } from '../../src/stack/template.ts';

const projectFolder = fileURLToPath(new URL('../..', import.meta.url)).replace(/\/$/, '');

/** What a deploy reads. */
const PARTS = [
  'serverless.yml',
  'package.json',
  'package-lock.json',
  'tsconfig.json',
  'analytics-sql',
  'batch',
  'bin',
  'functions',
  'resources',
  'rules',
  'src',
];

/** What a run of the framework ended with; the output is without colours. */
export interface FrameworkResult {
  readonly status: number | null;
  readonly output: string;
}

/** A copy of the checkout in a folder of its own, so that the framework's work folders are nobody else's. */
export class Checkout {
  readonly folder = mkdtempSync(join(tmpdir(), 'mesonet-deploy-'));

  constructor() {
    for (const part of PARTS.filter((name) => existsSync(join(projectFolder, name))))
      cpSync(join(projectFolder, part), join(this.folder, part), { recursive: true });
    symlinkSync(join(projectFolder, 'node_modules'), join(this.folder, 'node_modules'));
  }

  /** Adds the plugin that takes out what the emulator refuses; the list comes in an environment variable. */
  addLeaveOutPlugin(): void {
    const plugin = 'leave-out-plugin.cjs';
    cpSync(join(projectFolder, 'tests', 'deploy', plugin), join(this.folder, plugin));
    const file = join(this.folder, 'serverless.yml');
    writeFileSync(file, readFileSync(file, 'utf8').replace(/^plugins:\n/m, `plugins:\n  - ./${plugin}\n`));
  }

  /** The template that the last run packaged. */
  template(): Template {
    const file = join(this.folder, '.serverless', 'cloudformation-template-update-stack.json');
    return JSON.parse(readFileSync(file, 'utf8')) as Template;
  }

  /** Runs `sls` with these arguments, and with this environment only. */
  sls(args: readonly string[], env: NodeJS.ProcessEnv): Promise<FrameworkResult> {
    const script = join(this.folder, 'node_modules', '.bin', 'sls');
    return new Promise((resolve, reject) => {
      const child = spawn(process.execPath, [script, ...args], {
        cwd: this.folder,
        stdio: ['ignore', 'pipe', 'pipe'],
        env: {
          HOME: this.folder,
          PATH: process.env.PATH,
          CI: 'true',
          NO_COLOR: '1',
          SLS_INTERACTIVE_SETUP_ENABLE: '0',
          ...env,
        },
      });
      const output: Buffer[] = [];
      child.stdout.on('data', (chunk: Buffer) => output.push(chunk));
      child.stderr.on('data', (chunk: Buffer) => output.push(chunk));
      child.once('error', reject);
      child.once('exit', (status) => {
        resolve({ status, output: stripVTControlCharacters(Buffer.concat(output).toString()) });
      });
    });
  }

  remove(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }
}
