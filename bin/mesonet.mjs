#!/usr/bin/env node
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { installWhatIsMissing, node24, projectFolder } from './install.mjs';

/**
 * Runs the command line on the Node 24 that came with the dependencies, with memory settings that only a new process can
 * have: a small young generation, and large buffers given back to the system as soon as they are free. They halve the
 * memory of a loaded runtime and cost no speed that could be measured (docs/performance.md).
 */
const main = join(projectFolder, 'src', 'cli', 'main.ts');
const args = ['--max-semi-space-size=8', main, ...process.argv.slice(2)];
const env = { MALLOC_ARENA_MAX: '2', MALLOC_MMAP_THRESHOLD_: '131072', ...process.env };

installWhatIsMissing();
const child = spawn(node24, args, { stdio: ['inherit', 'inherit', 'inherit', 'ipc'], env });
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal));
child.on('exit', (code, signal) => process.exit(signal ? 1 : (code ?? 1)));
