#!/usr/bin/env node
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { installWhatIsMissing, node24, projectFolder } from './install.mjs';

/** Runs the command line on Node 24: in this process if it is one, else in a child that lives and dies with it. */
const main = join(projectFolder, 'src', 'cli', 'main.ts');

if (Number(process.versions.node.split('.')[0]) < 20) {
  console.error(`Cannot run on Node ${process.versions.node}: Node 20.19 or newer is wanted`);
  process.exit(1);
}
installWhatIsMissing();
if (Number(process.versions.node.split('.')[0]) >= 24) {
  await import(main);
} else {
  const child = spawn(node24, [main, ...process.argv.slice(2)], { stdio: ['inherit', 'inherit', 'inherit', 'ipc'] });
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal));
  child.on('exit', (code, signal) => process.exit(signal ? 1 : (code ?? 1)));
}
