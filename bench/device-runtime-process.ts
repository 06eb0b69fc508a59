import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { startMesonet } from '../src/local/start-mesonet.ts';

/** The runtime in a process of its own, for clients with certificates; told over IPC what to measure. */
const dataFolder = mkdtempSync(join(process.env.BENCH_FOLDER ?? tmpdir(), 'mesonet-bench-'));
const mesonet = await startMesonet({
  projectFolder: fileURLToPath(new URL('..', import.meta.url)).replace(/\/$/, ''),
  dataFolder,
  version: 'bench',
  mqttPort: 0,
  insecureLocal: true,
  httpPort: 0,
  awsPort: 0,
  durability: 'process',
  withFunctions: false,
  deviceQuotas: false,
  report: console.error,
});
process.send!({
  plainPort: mesonet.mqtt.port,
  tlsPort: mesonet.mqtts.port,
  caFile: mesonet.caFile,
  awsEndpoint: mesonet.awsEndpoint,
});
process.on('message', () => {
  const { user, system } = process.cpuUsage();
  globalThis.gc?.();
  const { rss, heapUsed, external } = process.memoryUsage();
  process.send!({
    cpuMicros: user + system,
    rssBytes: rss,
    heapBytes: heapUsed + external,
    accepted: mesonet.ledger().accepted,
  });
});
process.on('disconnect', async () => {
  await mesonet.stop();
  rmSync(dataFolder, { recursive: true, force: true });
  process.exit(0);
});
