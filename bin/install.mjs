import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The checkout. */
export const projectFolder = fileURLToPath(new URL('..', import.meta.url)).replace(/\/$/, '');

/** The Node 24 that came with the dependencies: the runtime the functions have on AWS. */
export const node24 = join(
  projectFolder,
  'node_modules',
  'node',
  'bin',
  process.platform === 'win32' ? 'node.exe' : 'node',
);

/**
 * Memory settings that only a new process can have: a small young generation, and large buffers given back to the system
 * as soon as they are free (docs/performance.md has the figures).
 */
export const memoryArgs = ['--max-semi-space-size=8'];
export const memoryEnvironment = { MALLOC_ARENA_MAX: '2', MALLOC_MMAP_THRESHOLD_: '131072' };

const npm = process.platform === 'win32' ? 'npm.cmd' : 'npm';

/** Runs npm; its words go to standard error. */
function runNpm(...args) {
  const { status } = spawnSync(npm, [...args, '--no-audit', '--no-fund', '--loglevel=error'], {
    cwd: projectFolder,
    stdio: ['ignore', 2, 2],
    shell: process.platform === 'win32',
  });
  if (status === 0) return;
  console.error(`Cannot install the dependencies: 'npm ${args.join(' ')}' failed; see its words above`);
  process.exit(1);
}

/** Packages whose install scripts may run: those of `allowScripts` in package.json that are installed here. */
function packagesWithScripts() {
  const { allowScripts } = JSON.parse(readFileSync(join(projectFolder, 'package.json'), 'utf8'));
  return Object.keys(allowScripts).filter((name) => existsSync(join(projectFolder, 'node_modules', name)));
}

/**
 * Installs the dependencies of the lockfile, unless that was done already for this very lockfile. No package runs a script
 * of its own while it is installed, but those that package.json names: worms come that way.
 */
export function installWhatIsMissing() {
  const marker = join(projectFolder, 'node_modules', '.mesonet-installed');
  const wanted = createHash('sha256')
    .update(readFileSync(join(projectFolder, 'package-lock.json')))
    .digest('hex');
  if (existsSync(marker) && readFileSync(marker, 'utf8') === wanted && existsSync(node24)) return;
  console.error('Installing dependencies, once; this takes about a minute');
  runNpm('ci', '--ignore-scripts');
  runNpm('rebuild', ...packagesWithScripts());
  writeFileSync(marker, wanted);
}
