import { readdirSync, readFileSync } from 'node:fs';
import { builtinModules } from 'node:module';
import { dirname, join, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

const root = fileURLToPath(new URL('..', import.meta.url)).replace(/\/$/, '');

/** Who may import whom: ARCHITECTURE.md explains each row. Folders are prefixes; the longest one that fits counts. */
interface Row {
  readonly folder: string;
  /** Folders of ours, besides the row's own. */
  readonly ours: readonly string[];
  /** npm packages, by prefix; `*` for any. */
  readonly packages: readonly string[];
  /** Node's own modules; `*` for any. */
  readonly node: readonly string[];
}

const awsSdk = ['@aws-sdk/', '@smithy/'];

const table: readonly Row[] = [
  { folder: 'src/sql', ours: [], packages: [], node: [] },
  { folder: 'src/iot-sql', ours: ['src/sql'], packages: ['re2js'], node: ['node:crypto'] },
  { folder: 'src/iot-policy', ours: ['src/sql'], packages: [], node: [] },
  {
    folder: 'src/streaming-sql',
    ours: ['src/sql', 'src/streaming-sql/flink'],
    packages: ['re2js'],
    node: [],
  },
  { folder: 'src/streaming-sql/flink', ours: ['src/streaming-sql'], packages: [], node: [] },
  {
    folder: 'src/streaming-sql/engine',
    ours: ['src/sql', 'src/streaming-sql'],
    packages: ['re2js'],
    node: [],
  },
  {
    folder: 'src/telemetry',
    ours: [],
    packages: [],
    node: ['node:crypto', 'node:zlib', 'node:buffer', 'node:util'],
  },
  {
    folder: 'src/stores',
    ours: ['src/telemetry'],
    packages: awsSdk,
    node: ['node:zlib', 'node:util', 'node:timers/promises', 'node:crypto'],
  },
  {
    folder: 'functions',
    ours: ['src/telemetry', 'src/stores', 'src/streaming-sql/engine', 'analytics-sql'],
    packages: [...awsSdk, '@aws-lambda-powertools/', 'aws-lambda'],
    node: ['node:zlib', 'node:util', 'node:timers/promises', 'node:crypto'],
  },
  {
    folder: 'devices',
    ours: ['src/telemetry'],
    packages: ['mqtt', 'aws-iot-device-sdk-v2', '@smithy/signature-v4', 'vega-datasets', 'cli-progress'],
    node: ['*'],
  },
  {
    folder: 'devices/provisioning',
    ours: ['devices', 'src/stores'],
    packages: awsSdk,
    node: ['*'],
  },
  {
    folder: 'src/replay',
    ours: ['src/telemetry', 'src/stores'],
    packages: [],
    node: ['node:zlib', 'node:stream', 'node:timers/promises'],
  },
  { folder: 'dashboard', ours: ['src/telemetry'], packages: ['uplot', 'vite'], node: [] },
  { folder: 'src/stack', ours: ['src/telemetry'], packages: [], node: ['*'] },
  { folder: 'src/cost', ours: ['src/stack', 'src/telemetry'], packages: [], node: [] },
  {
    folder: 'src/lambda-windows',
    ours: ['src/streaming-sql'],
    packages: [],
    node: ['node:fs', 'node:path'],
  },
  {
    folder: 'src/flink-jobs',
    ours: ['src/streaming-sql', 'src/streaming-sql/flink'],
    packages: [],
    node: ['node:fs', 'node:path'],
  },
  {
    folder: 'src/topic-rules',
    ours: ['src/sql', 'src/iot-sql', 'src/stack'],
    packages: [],
    node: ['node:fs', 'node:path'],
  },
  {
    folder: 'src/template-checks',
    ours: ['src/iot-sql', 'src/stack', 'src/topic-rules'],
    packages: [],
    node: [],
  },
  {
    folder: 'src/local',
    ours: [
      'src/sql',
      'src/iot-policy',
      'src/iot-sql',
      'src/topic-rules',
      'src/lambda-windows',
      'src/streaming-sql',
      'src/telemetry',
      'src/stores',
      'src/stack',
    ],
    packages: ['*'],
    node: ['*'],
  },
  {
    folder: 'src/cli',
    ours: ['src', 'devices', 'devices/provisioning'],
    packages: ['commander', 'cli-progress'],
    node: ['*'],
  },
];

/** Packages that only one file may import, so that any of them can be replaced. */
const oneFilePackages = [
  'aedes',
  'lmdb',
  'dynalite',
  'fauxqs',
  'esbuild',
  'vite',
  'mqtt',
  'aws-iot-device-sdk-v2',
  '@peculiar/x509',
  'ws',
];

const files = ['src', 'functions', 'devices', 'dashboard'].flatMap((folder) =>
  sourcesBelow(join(root, folder)),
);

describe('the architecture', () => {
  it('finds the sources it speaks about', () => {
    for (const { folder } of table)
      expect(
        files.some((file) => file.startsWith(`${folder}/`)),
        folder,
      ).toBe(true);
  });

  it.each(table)('lets $folder import only what its row allows', (row) => {
    const own = files.filter((file) => rowOf(file) === row);
    const forbidden = own.flatMap((file) =>
      importsOf(file)
        .filter((specifier) => !isAllowed(file, specifier, row))
        .map((specifier) => `${file} imports ${specifier}`),
    );
    expect(forbidden).toEqual([]);
  });

  it.each(oneFilePackages)('imports %s in one file only', (name) => {
    const importers = files.filter(
      (file) => importsOf(file, { values: true }).includes(name) && !file.endsWith('vite.config.ts'),
    );
    expect(importers.length, importers.join(', ')).toBeLessThanOrEqual(1);
  });

  it.each(['src/iot-sql', 'src/iot-policy', 'src/streaming-sql', 'src/sql'])(
    'keeps the clock and randomness out of %s',
    (folder) => {
      const impure = files
        .filter((file) => file.startsWith(`${folder}/`))
        .filter((file) => !MAY_READ_THE_CLOCK.has(file))
        .filter((file) =>
          /\b(Date\.now\(|new Date\(\)|performance\.now|Math\.random\()/.test(withoutComments(file)),
        );
      expect(impure).toEqual([]);
    },
  );
});

/** rand(), newuuid() and timestamp() of the rules dialect are what the user asks for. */
const MAY_READ_THE_CLOCK = new Set([
  'src/iot-sql/message.ts',
  'src/iot-sql/functions/math.ts',
  'src/iot-sql/functions/random.ts',
]);

function sourcesBelow(folder: string): string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter(
      (entry) =>
        entry.isFile() && entry.name.endsWith('.ts') && !/\.(test|bench|test-support)\.ts$/.test(entry.name),
    )
    .map((entry) => relative(root, join(entry.parentPath, entry.name)))
    .filter((file) => !/(^|\/)(dist|node_modules)\//.test(file));
}

function rowOf(file: string): Row | undefined {
  return table
    .filter(({ folder }) => file.startsWith(`${folder}/`))
    .sort((a, b) => b.folder.length - a.folder.length)[0];
}

function withoutComments(file: string): string {
  return readFileSync(join(root, file), 'utf8')
    .replace(/\/\*[\s\S]*?\*\//g, '')
    .replace(/^\s*\/\/.*$/gm, '');
}

function importsOf(file: string, { values = false } = {}): string[] {
  const text = withoutComments(file);
  const found = text.matchAll(
    /(?:^|\n)\s*(import|export)\s+(type\s)?[^'";]*?from\s+'([^']+)'|(?:^|[^.\w'"])import\s*\(?\s*'([^']+)'/g,
  );
  return [...found].filter(([, , type]) => !(values && type)).map(([, , , from, bare]) => (from ?? bare)!);
}

function targetOf(file: string, specifier: string): string | undefined {
  if (!specifier.startsWith('.')) return undefined;
  return relative(root, resolve(root, dirname(file), specifier));
}

function isAllowed(file: string, specifier: string, { folder, ours, packages, node }: Row): boolean {
  const target = targetOf(file, specifier);
  if (target !== undefined) {
    const owner = rowOf(target)?.folder ?? target.split('/')[0]!;
    return (
      owner === folder ||
      ours.some((allowed) => owner === allowed || (allowed === 'src' && owner.startsWith('src/'))) ||
      isOwnEngine(folder, owner)
    );
  }
  if (specifier.startsWith('node:') || builtinModules.includes(specifier))
    return node.includes('*') || node.includes(specifier);
  return packages.some(
    (allowed) => allowed === '*' || specifier === allowed || specifier.startsWith(allowed),
  );
}

/** Whoever may use the streaming language may use its engine; the language itself may not. */
function isOwnEngine(folder: string, owner: string): boolean {
  return owner === 'src/streaming-sql/engine' && folder === 'src/local';
}
