import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

const projectFolder = fileURLToPath(new URL('../..', import.meta.url));
const page = readFileSync(`${projectFolder}/docs/scale.md`, 'utf8');

function printScale(...args: string[]): string {
  const command = [`${projectFolder}/src/cli/main.ts`, 'cost', '--scale', ...args];
  const { stdout, stderr, status } = spawnSync(process.execPath, command, { encoding: 'utf8' });
  if (status !== 0) throw new Error(`mesonet cost --scale ended with ${status}: ${stderr}`);
  return stdout;
}

describe('docs/scale.md', () => {
  it('has what the command prints for the shipped stack', () => {
    expect(page).toContain(printScale().split('\n\n')[0]);
    expect(page).toContain(printScale().split('\n\n')[1]?.trim());
  });

  it('has the table of packed publishes', () => {
    expect(page).toContain(printScale('--pack', '24').split('\n\n')[0]);
  });
});
