import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';

const MAIN = fileURLToPath(new URL('../main.ts', import.meta.url));

/** Starts the command in a process of its own, as users do. */
export function spawnMesonet(...args: readonly string[]): ChildProcess {
  return spawn(process.execPath, [MAIN, ...args], { env: { ...process.env, NO_COLOR: '1' } });
}

/** Runs the command to its end. */
export async function runMesonet(
  args: readonly string[],
  stdin: string | Uint8Array = '',
): Promise<{ code: number | null; stdout: string; stderr: string }> {
  const child = spawnMesonet(...args);
  child.stdin!.end(stdin);
  const output = Promise.all([text(child.stdout!), text(child.stderr!)]);
  const [code] = (await once(child, 'close')) as [number | null];
  const [stdout, stderr] = await output;
  return { code, stdout, stderr };
}

/** A project folder of a test. */
export interface TestProject {
  readonly folder: string;
  /** Writes a file of `rules/`; anything but a text as JSON. */
  write(name: string, content: unknown): void;
  remove(): void;
}

/** Makes a project folder with these files in `rules/`. */
export function makeProject(files: Readonly<Record<string, unknown>>): TestProject {
  const folder = mkdtempSync(join(tmpdir(), 'mesonet-rules-'));
  mkdirSync(join(folder, 'rules'));
  const write = (name: string, content: unknown) =>
    writeFileSync(
      join(folder, 'rules', name),
      typeof content === 'string' ? content : JSON.stringify(content),
    );
  for (const [name, content] of Object.entries(files)) write(name, content);
  return { folder, write, remove: () => rmSync(folder, { recursive: true }) };
}
