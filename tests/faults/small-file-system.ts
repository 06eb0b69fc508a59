import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Mounts a file system of so many megabytes on a folder, in memory. @throws Error where this is not allowed */
export function mountSmall(folder: string, megabytes: number): void {
  execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${megabytes}m`, 'tmpfs', folder], { stdio: 'pipe' });
}

export function remount(folder: string, how: 'ro' | 'rw'): void {
  execFileSync('mount', ['-o', `remount,${how}`, folder]);
}

export function unmount(folder: string): void {
  execFileSync('umount', ['-l', folder]);
}

/** Why no file system can be mounted here; undefined where one can. */
export function whyNoMount(): string | undefined {
  const folder = mkdtempSync(join(tmpdir(), 'mesonet-mount-'));
  try {
    mountSmall(folder, 1);
    unmount(folder);
    return undefined;
  } catch {
    return 'only root can mount a file system';
  } finally {
    rmdirSync(folder);
  }
}
