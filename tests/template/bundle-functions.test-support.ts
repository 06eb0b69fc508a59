import { readdirSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build, type Plugin } from 'esbuild';

const projectFolder = fileURLToPath(new URL('../..', import.meta.url));
const streamingSqlPlugins = createRequire(import.meta.url)('../../bin/streaming-sql-plugin.cjs') as (
  serverless: object,
) => Plugin[];

/** The handlers of `functions/`, as they are deployed. */
export function handlerFiles(): string[] {
  return readdirSync(join(projectFolder, 'functions'))
    .filter((name) => /^[\w-]+\.ts$/.test(name) && name !== 'environment.ts')
    .map((name) => `functions/${name}`);
}

/** Bundles handlers into a folder the way `custom.esbuild` of serverless.yml does for AWS. Returns their sizes in bytes. */
export async function bundleFunctions(
  files: readonly string[],
  outdir: string,
): Promise<ReadonlyMap<string, number>> {
  const { metafile } = await build({
    absWorkingDir: projectFolder,
    entryPoints: [...files],
    outdir,
    outExtension: { '.js': '.mjs' },
    bundle: true,
    minify: true,
    format: 'esm',
    target: 'node24',
    platform: 'node',
    mainFields: ['module', 'main'],
    metafile: true,
    banner: {
      js: "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);",
    },
    plugins: streamingSqlPlugins({ service: { functions: {}, resources: {} } }),
  });
  return new Map(
    Object.values(metafile.outputs).map(({ entryPoint = '', bytes }) => [entryPoint, bytes] as const),
  );
}
