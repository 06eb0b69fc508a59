const { spawnSync } = require('node:child_process');
const { join, relative, resolve } = require('node:path');

/**
 * Turns the import of a streaming SQL application into its compiled plan. The compiler runs on the project's own Node 24,
 * whatever Node the bundler runs on.
 */
const projectFolder = resolve(__dirname, '..');
const node24 = join(
  projectFolder,
  'node_modules',
  'node',
  'bin',
  process.platform === 'win32' ? 'node.exe' : 'node',
);

/** The module's text. Throws with the compiler's own words. */
function planModule(file, settings = {}) {
  const script = join(projectFolder, 'src', 'lambda-windows', 'print-plan-module.ts');
  const args = ['--no-warnings', script, file, projectFolder, JSON.stringify(settings)];
  const { status, stdout, stderr, error } = spawnSync(node24, args, { encoding: 'utf8' });
  if (error) throw new Error(`Cannot compile '${file}': ${error.message}; run npm ci first`);
  if (status !== 0) throw new Error(stderr.trim());
  return stdout;
}

function esbuildPlugin(settingsOf) {
  return {
    name: 'streaming-sql',
    setup(build) {
      build.onLoad({ filter: /\.sql$/ }, ({ path }) => {
        try {
          const watchFiles = [path, path.replace(/\.sql$/, '.input.json')];
          return { contents: planModule(path, settingsOf(path)), loader: 'js', watchFiles };
        } catch (error) {
          return { errors: [{ text: error.message }] };
        }
      });
    },
  };
}

const APPLICATIONS = /^Mesonet::StreamingApplications(::|$)/;

/** What the service says of an application: `Mesonet::StreamingApplications` in its Metadata, and its function's event. */
function settingsFrom({ service }, path) {
  const lists = Object.entries(service.resources?.Metadata ?? {});
  const applications = lists.flatMap(([key, list]) => (APPLICATIONS.test(key) ? list : []));
  const application = applications.find(({ Code }) => Code === relative(projectFolder, path));
  const [, runner] =
    Object.entries(service.functions).find(([key]) => logicalIdOf(key) === application?.Function) ?? [];
  const windowSeconds = runner?.events?.find(({ stream }) => stream)?.stream.tumblingWindowInSeconds;
  return { partitionKey: application?.InputPartitionKey, windowSeconds };
}

/** What the framework calls a function in the template. */
function logicalIdOf(key) {
  return `${key[0].toUpperCase()}${key.slice(1)}LambdaFunction`;
}

/** For serverless-esbuild (`custom.esbuild.plugins`). */
module.exports = (serverless) => [esbuildPlugin((path) => settingsFrom(serverless, path))];
module.exports.planModule = planModule;
