import { createHash } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { BuildFailure, Plugin } from 'esbuild';
import { planModule } from '../../lambda-windows/plan-module.ts';
import { LocalError } from '../local-error.ts';

/** The code of a function does not compile. */
export class BundleError extends LocalError {
  override name = 'BundleError';
}

export interface BundleOptions {
  /** What the bundle is called in the folder and in errors, for example `mesonet-dev-storeReadings`. */
  readonly name: string;
  readonly file: string;
  /** Where bundles are kept between starts. */
  readonly folder: string;
  /** Whose node_modules the bundle resolves the AWS SDK from: its packages stay outside, as on Lambda's runtime. */
  readonly projectFolder: string;
}

/** What a bundle was made of: while every hash still holds, the bundle is used as it is and esbuild never starts. */
interface Manifest {
  readonly recipe: string;
  readonly bundle: string;
  readonly inputs: Readonly<Record<string, string>>;
}

/** Raised whenever the same input would give another bundle. */
const RECIPE_VERSION = 3;

/**
 * Compiles one handler with everything it imports into one ES module for Node 24, unless the folder holds it already.
 * The file can lie anywhere: what stays outside is imported by its absolute address.
 * @returns the path of the bundle
 * @throws BundleError with esbuild's own file, line and excerpt
 */
export async function bundleFunction(options: BundleOptions): Promise<string> {
  const projectFolder = resolve(options.projectFolder);
  const recipe = JSON.stringify([RECIPE_VERSION, resolve(options.file), projectFolder]);
  const manifestFile = join(options.folder, `${options.name}.json`);
  const manifest = readManifest(manifestFile);
  if (manifest?.recipe === recipe && isFresh(manifest, options.folder, projectFolder))
    return join(options.folder, manifest.bundle);
  const { text, inputs } = await compile(options, projectFolder);
  const bundle = `${options.name}-${hashOf(text).slice(0, 16)}.mjs`;
  mkdirSync(options.folder, { recursive: true });
  removeOldBundles(options.folder, options.name);
  writeWhole(join(options.folder, bundle), text);
  const made: Manifest = { recipe, bundle, inputs: hashInputs(inputs, projectFolder) };
  writeWhole(manifestFile, JSON.stringify(made));
  return join(options.folder, bundle);
}

/** Ends esbuild's process, which otherwise stays for the next build; not while another start still compiles. */
export async function stopBundling(): Promise<void> {
  if (!started || running > 0) return;
  started = false;
  const { stop } = await import('esbuild');
  await stop();
}

let started = false;
let running = 0;

async function compile(
  options: BundleOptions,
  projectFolder: string,
): Promise<{ text: string; inputs: readonly string[] }> {
  const { build } = await import('esbuild');
  started = true;
  running += 1;
  const fromProject = createRequire(join(projectFolder, 'package.json'));
  try {
    const result = await build({
      entryPoints: [options.file],
      absWorkingDir: projectFolder,
      bundle: true,
      write: false,
      metafile: true,
      platform: 'node',
      format: 'esm',
      target: 'node24',
      sourcemap: 'inline',
      sourcesContent: false,
      outdir: options.folder,
      logLevel: 'silent',
      // CommonJS packages inside the bundle still ask for `require`.
      banner: {
        js: `import{createRequire as _cr}from'node:module';const require=_cr(${address(join(projectFolder, 'package.json'))});`,
      },
      // A handler that lies outside the project finds the project's packages too.
      nodePaths: [join(projectFolder, 'node_modules')],
      plugins: [externalSdk(fromProject), streamingSql(projectFolder)],
    });
    const inputs = Object.keys(result.metafile.inputs).map((input) => resolve(projectFolder, input));
    return { text: result.outputFiles[0]!.text, inputs };
  } catch (cause) {
    throw await explain(options, cause as BuildFailure);
  } finally {
    running -= 1;
  }
}

async function explain({ name, file }: BundleOptions, cause: BuildFailure): Promise<BundleError> {
  if (!cause.errors) return new BundleError(`Cannot compile function '${name}': ${cause.message}`, { cause });
  const { formatMessages } = await import('esbuild');
  const excerpts = await formatMessages(cause.errors, { kind: 'error', color: false });
  const excerpt = excerpts.map((text) => text.trimEnd()).join('\n');
  return new BundleError(`Cannot compile function '${name}' from '${file}':\n${excerpt}`, { cause });
}

/** Leaves the SDK outside, so that all functions of a worker share one copy whose client class can be given a transport. */
function externalSdk(fromProject: NodeJS.Require): Plugin {
  return {
    name: 'external-sdk',
    setup(build) {
      build.onResolve({ filter: /^@(aws-sdk|smithy)\// }, ({ path, importer }) => {
        try {
          // A client that the function does not use is not even loaded.
          return { path: pathToFileURL(fromProject.resolve(path)).href, external: true, sideEffects: false };
        } catch {
          return { errors: [{ text: `Cannot find package "${path}" that ${importer} imports` }] };
        }
      });
    },
  };
}

/** The import of a streaming SQL application gives its plan, as it does where the functions are packaged for AWS. */
function streamingSql(projectFolder: string): Plugin {
  return {
    name: 'streaming-sql',
    setup(build) {
      build.onLoad({ filter: /\.sql$/ }, ({ path }) => {
        try {
          return { contents: planModule(path, projectFolder), loader: 'js' };
        } catch (error) {
          return { errors: [{ text: (error as Error).message }] };
        }
      });
    },
  };
}

function readManifest(file: string): Manifest | undefined {
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as Manifest;
  } catch {
    return undefined;
  }
}

function isFresh(manifest: Manifest, folder: string, projectFolder: string): boolean {
  try {
    const text = readFileSync(join(folder, manifest.bundle), 'utf8');
    if (!manifest.bundle.includes(hashOf(text).slice(0, 16))) return false;
    return Object.entries(manifest.inputs).every(
      ([file, hash]) => hashOf(contentOf(file, projectFolder)) === hash,
    );
  } catch {
    return false;
  }
}

function hashInputs(inputs: readonly string[], projectFolder: string): Record<string, string> {
  return Object.fromEntries(inputs.map((input) => [input, hashOf(contentOf(input, projectFolder))]));
}

/** What the bundle sees of a file: of an application its plan, which depends on the input schema too. */
function contentOf(file: string, projectFolder: string): string | Buffer {
  return file.endsWith('.sql') ? planModule(file, projectFolder) : readFileSync(file);
}

function removeOldBundles(folder: string, name: string): void {
  const old = readdirSync(folder).filter(
    (file) => file.startsWith(`${name}-`) && /-[0-9a-f]{16}\.mjs$/.test(file),
  );
  for (const file of old.filter((each) => each.length === name.length + 21)) rmSync(join(folder, file));
}

/** A reader sees the old file or the new one, never half of it. */
function writeWhole(file: string, text: string): void {
  writeFileSync(`${file}.new`, text);
  renameSync(`${file}.new`, file);
}

function hashOf(content: string | Buffer): string {
  return createHash('sha256').update(content).digest('hex');
}

function address(path: string): string {
  return JSON.stringify(pathToFileURL(path).href);
}
