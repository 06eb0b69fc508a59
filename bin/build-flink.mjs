import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** Builds analytics-sql/flink-runner into one jar, unless nothing has changed since it was built. */
const project = fileURLToPath(new URL('../analytics-sql/flink-runner/', import.meta.url));
const target = join(project, 'target');
const built = [join(target, 'flink-runner-1.jar'), join(target, 'classpath.txt')];
const lock = fileURLToPath(new URL('../.mesonet/flink-build.lock', import.meta.url));
const MIN_JAVA = 17;
const LOCK_MILLIS = 600_000;

const need =
  'Cannot build the Flink runner: install a JDK 17 or newer and Maven (Debian: openjdk-17-jdk-headless and maven); ' +
  'the default deploy and npm start do not need it';

function refuse(reason) {
  process.stderr.write(`${reason}\n`);
  process.exit(1);
}

function checkTools() {
  const compiler = spawnSync('javac', ['-version'], { encoding: 'utf8' });
  const version = /javac (\d+)/.exec(`${compiler.stdout}${compiler.stderr}`)?.[1];
  const maven = spawnSync('mvn', ['-v'], { encoding: 'utf8' });
  if (version === undefined || maven.status !== 0) refuse(need);
  if (Number(version) < MIN_JAVA) refuse(`${need}; the JDK here is ${version}`);
}

function newest(folder) {
  const times = readdirSync(folder, { recursive: true }).map((name) => statSync(join(folder, name)).mtimeMs);
  return Math.max(0, ...times);
}

function isBuilt() {
  if (!built.every((file) => existsSync(file))) return false;
  const sources = Math.max(newest(join(project, 'src')), statSync(join(project, 'pom.xml')).mtimeMs);
  return built.every((file) => statSync(file).mtimeMs > sources);
}

/** Two builds at once would write the same files: the second waits for the first. */
function takeLock() {
  mkdirSync(join(lock, '..'), { recursive: true });
  for (;;) {
    try {
      mkdirSync(lock);
      return;
    } catch (error) {
      if (error.code !== 'EEXIST') throw error;
      const since = statSync(lock, { throwIfNoEntry: false })?.mtimeMs ?? Date.now();
      if (Date.now() - since > LOCK_MILLIS) rmSync(lock, { recursive: true, force: true });
      else Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 500);
    }
  }
}

checkTools();
takeLock();
let status = 0;
try {
  if (!isBuilt())
    status = spawnSync('mvn', ['-q', '-B', 'package'], { cwd: project, stdio: 'inherit' }).status ?? 1;
} finally {
  rmSync(lock, { recursive: true, force: true });
}
if (status !== 0) refuse(`Cannot build the Flink runner: Maven ended with ${status}`);
process.stdout.write(`${built[0]}\n`);
