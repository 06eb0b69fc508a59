import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { bundleFunctions, handlerFiles } from '../tests/template/bundle-functions.test-support.ts';

/**
 * Size and init time of each function as it is deployed: the time to import its bundle in a fresh Node, which is what
 * Lambda's init phase does besides starting Node itself. Run: node bench/cold-start.bench.ts
 */
const STARTS = 9;
const MOST_MILLIS = 150;

const folder = mkdtempSync(join(tmpdir(), 'mesonet-cold-start-'));
try {
  const sizes = await bundleFunctions(handlerFiles(), folder);
  let slowest = 0;
  for (const [file, bytes] of sizes) {
    const bundle = join(folder, file.replace('functions/', '').replace(/\.ts$/, '.mjs'));
    const millis = Array.from({ length: STARTS }, () => initMillis(bundle)).sort((a, b) => a - b);
    const median = millis[STARTS >> 1]!;
    slowest = Math.max(slowest, median);
    console.log(
      `${file.padEnd(38)} ${(bytes / 1024).toFixed(0).padStart(5)} KiB  init ${median.toFixed(0).padStart(4)} ms (${millis[0]!.toFixed(0)}–${millis.at(-1)!.toFixed(0)})`,
    );
  }
  console.log(`slowest median ${slowest.toFixed(0)} ms, aim ${MOST_MILLIS} ms`);
} finally {
  rmSync(folder, { recursive: true, force: true });
}

function initMillis(bundle: string): number {
  const code = `const t = performance.now(); await import(${JSON.stringify(pathToFileURL(bundle).href)}); console.log(performance.now() - t); process.exit(0)`;
  const { stdout, stderr } = spawnSync(process.execPath, ['--input-type=module', '-e', code], {
    encoding: 'utf8',
    env: { ...process.env, AWS_REGION: 'us-east-1' },
  });
  const millis = Number(stdout);
  if (!(millis > 0)) throw new Error(`Cannot start '${bundle}': ${stderr}`);
  return millis;
}
