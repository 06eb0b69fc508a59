import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import { build, type Plugin } from 'esbuild';
import type { VariablesOfCode } from '../../src/template-checks/finding.ts';
import type { UsedCommand } from '../../src/template-checks/sdk-actions.ts';

const projectFolder = fileURLToPath(new URL('../..', import.meta.url));
const { planModule } = createRequire(import.meta.url)('../../bin/streaming-sql-plugin.cjs') as {
  planModule: (file: string) => string;
};

/** The same import of `.sql` files that the packaged bundles have; the plan itself makes no difference here. */
const streamingSql: Plugin = {
  name: 'streaming-sql',
  setup({ onLoad }) {
    onLoad({ filter: /\.sql$/ }, ({ path }) => ({ contents: planModule(path), loader: 'js' }));
  },
};

/** What the code of one handler names. */
export interface ReachedCode {
  readonly commands: readonly UsedCommand[];
  readonly variables: VariablesOfCode;
}

/**
 * The SDK commands and the environment variables that each handler can reach: it is bundled with packages left outside, so
 * that tree shaking leaves only the code it can run.
 *
 * @param files handlers, for example `functions/query.ts`
 */
export async function readReachedCode(files: readonly string[]): Promise<ReadonlyMap<string, ReachedCode>> {
  const { outputFiles } = await build({
    absWorkingDir: projectFolder,
    entryPoints: files.map((file) => ({ in: file, out: file.replace(/\.ts$/, '') })),
    bundle: true,
    packages: 'external',
    platform: 'node',
    format: 'esm',
    target: 'node24',
    write: false,
    outdir: projectFolder,
    plugins: [streamingSql],
  });
  return new Map(
    files.map((file) => {
      const output = outputFiles.find(({ path }) => path.endsWith(`/${file.replace(/\.ts$/, '.js')}`));
      if (output === undefined) throw new Error(`Cannot find the bundle of '${file}'`);
      return [file, { commands: commandsIn(output.text), variables: variablesIn(output.text) }];
    }),
  );
}

const IMPORTS = /import\s*\{([^}]*)\}\s*from\s*"(@aws-sdk\/[^"]+)";/g;

/** Imported commands that the code which tree shaking left still names. */
function commandsIn(bundle: string): UsedCommand[] {
  const code = bundle.replace(IMPORTS, '');
  return [...bundle.matchAll(IMPORTS)].flatMap(([, names = '', from = '']) =>
    names
      .split(',')
      .map((name) => name.trim().split(' as '))
      .map(([command = '', local = command]) => ({ package: from, command, local }))
      .filter(({ command, local }) => command.endsWith('Command') && new RegExp(`\\b${local}\\b`).test(code))
      .map(({ package: name, command }) => ({ package: name, command })),
  );
}

function variablesIn(bundle: string): VariablesOfCode {
  const namesIn = (pattern: RegExp): string[] => [...bundle.matchAll(pattern)].map(([, name = '']) => name);
  const required = namesIn(/\brequiredVariable\d*\("([A-Z_\d]+)"\)/g);
  return {
    required,
    read: [...required, ...namesIn(/\bprocess\.env\.([A-Z_\d]+)/g), ...namesIn(/"([A-Z_\d]+)"/g)],
  };
}
