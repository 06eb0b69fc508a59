import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

interface LockedPackage {
  readonly version: string;
  readonly license?: string;
  readonly integrity?: string;
  readonly resolved?: string;
  readonly dev?: boolean;
  readonly hasInstallScript?: boolean;
}

/** Licences that a program under MIT may be built from and run with. */
const compatibleLicences = new Set([
  '0BSD',
  'Apache-2.0',
  'BSD-2-Clause',
  'BSD-3-Clause',
  'BlueOak-1.0.0',
  'ISC',
  'MIT',
  'MIT-0',
  'PSF-2.0',
  'Python-2.0',
]);

/** Used unchanged and at build time only, where the duties of a file-level licence are met by itself. */
const compatibleWhenBuilding = new Set(['MPL-2.0']);

/** Install scripts that are not run; what their packages do without them is said. */
const scriptsLeftOut = new Map([
  ['@parcel/watcher', 'builds from source only where no package for the platform exists'],
  ['es5-ext', 'prints a message'],
]);

const projectFolder = fileURLToPath(new URL('..', import.meta.url));
const read = (path: string) => readFileSync(`${projectFolder}/${path}`, 'utf8');
const packageFile = JSON.parse(read('package.json')) as {
  scripts: Record<string, string>;
  allowScripts: Record<string, boolean>;
};
const lock = JSON.parse(read('package-lock.json')) as { packages: Record<string, LockedPackage> };
const locked = Object.entries(lock.packages).filter(([path]) => path !== '');
const nameOf = (path: string) => path.slice(path.lastIndexOf('node_modules/') + 'node_modules/'.length);

/** The licences of an SPDX expression of which all must suit, or of which one may be chosen. */
function isCompatible(expression: string, dev: boolean): boolean {
  const suits = (name: string) => compatibleLicences.has(name) || (dev && compatibleWhenBuilding.has(name));
  const text = expression.replace(/^\(|\)$/g, '');
  return text.split(' OR ').some((choice) => choice.split(' AND ').every(suits));
}

describe('the packages of the lockfile', () => {
  it('are each held by a checksum, and name no place of their own', () => {
    expect(
      locked.filter(([, { integrity }]) => !integrity?.startsWith('sha512-')).map(([path]) => path),
    ).toEqual([]);
    expect(locked.filter(([, { resolved }]) => resolved !== undefined).map(([path]) => path)).toEqual([]);
  });

  it('have licences that suit', () => {
    const unsuited = locked.filter(([, { license, dev }]) => !isCompatible(license ?? 'none', dev === true));
    expect(unsuited.map(([path, { license }]) => `${path}: ${license}`)).toEqual([]);
    expect(isCompatible('GPL-3.0-only', true)).toBe(false);
    expect(isCompatible('MPL-2.0', false)).toBe(false);
    expect(isCompatible('(MIT AND GPL-2.0)', false)).toBe(false);
  });

  it('run a script when they are installed only where package.json allows it', () => {
    const withScripts = new Set(
      locked.filter(([, each]) => each.hasInstallScript).map(([path]) => nameOf(path)),
    );
    const allowed = Object.keys(packageFile.allowScripts);
    expect([...withScripts].sort()).toEqual([...allowed, ...scriptsLeftOut.keys()].sort());
    expect(read('bin/install.mjs')).toContain("'ci', '--ignore-scripts'");
  });

  it('are as many as docs/dependencies.md says', () => {
    const count = (packages: typeof locked) => new Set(packages.map(([path]) => nameOf(path))).size;
    const atRunTime = count(locked.filter(([, { dev }]) => dev !== true));
    expect(read('docs/dependencies.md')).toContain(
      `${count(locked)} packages, ${atRunTime} of them at run time`,
    );
  });
});

describe('npm run sbom', () => {
  // Without --omit=dev: npm 11 would leave out what both kinds need.
  it('names every package, with its licence', () => {
    const args = ['sbom', '--sbom-format=cyclonedx', '--package-lock-only'];
    expect(packageFile.scripts.sbom).toBe(`npm ${args.join(' ')} > mesonet.sbom.json`);
    const { stdout, status } = spawnSync('npm', args, {
      cwd: projectFolder,
      encoding: 'utf8',
      maxBuffer: 2 ** 26,
    });
    expect(status).toBe(0);
    const { bomFormat, components } = JSON.parse(stdout) as {
      bomFormat: string;
      components: { name: string; version: string; licenses?: unknown[] }[];
    };
    expect(bomFormat).toBe('CycloneDX');
    const listed = new Set(components.map(({ name, version }) => `${name}@${version}`));
    const wanted = locked
      .filter(([, { dev }]) => dev !== true)
      .map(([path, { version }]) => `${nameOf(path)}@${version}`);
    expect(wanted.filter((name) => !listed.has(name))).toEqual([]);
    expect(components.filter(({ licenses }) => !licenses?.length).map(({ name }) => name)).toEqual([]);
  });
});
