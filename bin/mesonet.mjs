#!/usr/bin/env node
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { installWhatIsMissing, memoryArgs, memoryEnvironment, node24, projectFolder } from './install.mjs';

/** Runs the command line on the Node 24 that came with the dependencies. */
const main = join(projectFolder, 'src', 'cli', 'main.ts');
const args = [...memoryArgs, main, ...process.argv.slice(2)];
const env = { ...memoryEnvironment, ...process.env };

installWhatIsMissing();
const child = spawn(node24, args, { stdio: ['inherit', 'inherit', 'inherit', 'ipc'], env });
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal));
child.on('exit', (code, signal) => {
  if (signal) console.error(`mesonet was ended by ${signal}`);
  process.exit(code ?? 1);
});
