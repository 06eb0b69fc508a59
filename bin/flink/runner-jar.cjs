const { spawnSync } = require('node:child_process');
const { createHash } = require('node:crypto');
const {
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} = require('node:fs');
const { join, relative, resolve } = require('node:path');
const { stripVTControlCharacters } = require('node:util');

const projectFolder = resolve(__dirname, '..', '..');
const runnerFolder = join(projectFolder, 'analytics-sql', 'flink-runner');
const jarFolder = join(projectFolder, '.mesonet', 'flink');
/** The project's own Node 24: it runs TypeScript. */
const node24 = join(
  projectFolder,
  'node_modules',
  'node',
  'bin',
  process.platform === 'win32' ? 'node.exe' : 'node',
);

/** The job documents of applications, in their order. Throws with the compiler's or the printer's own words. */
function printJobs(applications) {
  const script = join(projectFolder, 'src', 'flink-jobs', 'print-job-documents.ts');
  const stdout = run(node24, ['--no-warnings', script, projectFolder, JSON.stringify(applications)]);
  return JSON.parse(stdout);
}

/** `weather-windows-1f0c….jar`: another name for each other runner or job, the same as long as both stay. */
function jarName({ Name }, job) {
  const hash = createHash('sha256').update(job);
  for (const file of ['pom.xml', ...filesBelow(join('src', 'main'))].sort())
    hash.update(`\0${file}\0`).update(readFileSync(join(runnerFolder, file)));
  return `${Name}-${hash.digest('hex').slice(0, 20)}.jar`;
}

function filesBelow(folder) {
  return readdirSync(join(runnerFolder, folder), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => relative(runnerFolder, join(entry.parentPath ?? entry.path, entry.name)));
}

/** Builds the runner with a job in it, where that is not done yet; returns the jar's path. Needs a JDK and Maven. */
function buildJar(name, job) {
  const jar = join(jarFolder, name);
  if (existsSync(jar)) return jar;
  // Maven leaves colours behind, also where it prints nothing.
  const output = stripVTControlCharacters(run(node24, [join(projectFolder, 'bin', 'build-flink.mjs')]));
  const built = output.trim().split('\n').at(-1);
  mkdirSync(jarFolder, { recursive: true });
  const folder = mkdtempSync(join(jarFolder, 'job-'));
  try {
    copyFileSync(built, join(folder, name));
    writeFileSync(join(folder, 'flink-job.json'), job);
    run('jar', ['--update', '--file', join(folder, name), '-C', folder, 'flink-job.json']);
    renameSync(join(folder, name), jar);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
  return jar;
}

function run(command, args) {
  const { status, stdout, stderr, error } = spawnSync(command, args, {
    encoding: 'utf8',
    maxBuffer: 1 << 26,
  });
  if (error) throw new Error(`Cannot run '${command}': ${error.message}`);
  if (status !== 0) throw new Error(stderr.trim() || stdout.trim());
  return stdout;
}

module.exports = { printJobs, jarName, buildJar };
