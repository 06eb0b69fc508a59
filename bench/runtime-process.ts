import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { startMesonet } from '../src/local/start-mesonet.ts';

/** The runtime in a process of its own, on a new data folder, told over IPC what to measure. */
const dataFolder = mkdtempSync(join(process.env.BENCH_FOLDER ?? tmpdir(), 'mesonet-bench-'));
const mesonet = await startMesonet({
  projectFolder: fileURLToPath(new URL('..', import.meta.url)).replace(/\/$/, ''),
  dataFolder,
  version: 'bench',
  mqttPort: 0,
  insecureLocal: true,
  httpPort: 0,
  awsPort: 0,
  durability: (process.argv[2] as 'power' | undefined) ?? 'power',
  withFunctions: process.argv[3] === 'with-functions',
  report: console.error,
});
process.send!({ port: mesonet.mqtt.port });
process.on('message', () => {
  const { user, system } = process.cpuUsage();
  const counted = mesonet.ledger().stages.find(({ stage }) => stage.startsWith('windows '))?.in ?? 0;
  process.send!({ counted, rssBytes: process.memoryUsage.rss(), cpuMicros: user + system });
});
process.on('disconnect', async () => {
  await mesonet.stop();
  rmSync(dataFolder, { recursive: true, force: true });
  process.exit(0);
});
