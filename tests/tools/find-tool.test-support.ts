import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const ownFolder = fileURLToPath(new URL('../../.mesonet/python/bin', import.meta.url));

/**
 * Where a tool that npm does not bring is, in `.mesonet/python` or on the PATH. Undefined, with the reason printed, where
 * it is not installed.
 * @param installedBy what installs it: `.ci/python-tools`, or the name of its Debian package
 * @throws Error in CI, where it must be
 */
export function findTool(name: string, installedBy = '.ci/python-tools'): string | undefined {
  const folders = [ownFolder, ...(process.env.PATH ?? '').split(delimiter)];
  const found = folders.map((folder) => join(folder, name)).find(isExecutable);
  if (found !== undefined) return found;
  const reason = `${name} is not installed; ${installedBy} installs it`;
  if (process.env.CI === 'true') throw new Error(`Cannot run the tests of CI: ${reason}`);
  process.stderr.write(`Skip tests: ${reason}\n`);
  return undefined;
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
