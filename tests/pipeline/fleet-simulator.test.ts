import { execFile } from 'node:child_process';
import { mkdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { LedgerReport } from '../../src/local/ledger.ts';
import { eventually, projectFolder, RunningPipeline } from './running-pipeline.test-support.ts';

const main = join(projectFolder, 'src', 'cli', 'main.ts');
let pipeline: RunningPipeline;

beforeAll(async () => {
  pipeline = await RunningPipeline.start({ insecureLocal: false });
}, 60_000);

afterAll(async () => {
  await pipeline.end();
});

interface Ended {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** The command as a user gives it, on the pipeline of this test. */
function mesonet(...args: string[]): Promise<Ended> {
  return new Promise((resolve) => {
    execFile(process.execPath, [main, ...args], { cwd: pipeline.folder }, (error, stdout, stderr) =>
      resolve({ code: Number(error?.code ?? 0), stdout, stderr }),
    );
  });
}

function simulate(...args: string[]): Promise<Ended> {
  const { awsEndpoint } = pipeline.mesonet;
  return mesonet(
    'simulate',
    ...['--aws-endpoint', awsEndpoint, '--data', pipeline.folder],
    ...['--json', '--quiet', ...args],
  );
}

function ledgerOf(file: string) {
  const lines = readFileSync(file, 'utf8').trimEnd().split('\n');
  const [about, ...rest] = lines.map((line) => JSON.parse(line));
  return { about, devices: rest.slice(0, -1), total: rest.at(-1).total };
}

it('a fleet makes its own certificates, each station has one, and uses them again', {
  timeout: 60_000,
}, async () => {
  const file = join(pipeline.folder, 'sent.jsonl');
  const run = () =>
    simulate(
      '--stations',
      '20',
      '--rate',
      '10',
      '--count',
      '500',
      '--ledger',
      file,
      '--compare',
      pipeline.mesonet.http,
    );
  const first = await run();
  expect({ code: first.code, stderr: first.stderr }).toEqual({ code: 0, stderr: '' });
  expect(JSON.parse(first.stdout)).toMatchObject({
    sent: 500,
    acknowledged: 500,
    connections: 20,
    comparison: { holds: true, accounted: 500 },
  });
  const kept = join(pipeline.folder, 'simulator', 'seed-1', 'credentials.jsonl');
  const credentials = readFileSync(kept, 'utf8');
  expect(
    new Set(
      credentials
        .trimEnd()
        .split('\n')
        .map((line) => JSON.parse(line).certificateId),
    ).size,
  ).toBe(20);
  expect(statSync(kept).mode & 0o777).toBe(0o600);
  expect(statSync(join(kept, '..')).mode & 0o777).toBe(0o700);
  const { about, devices, total } = ledgerOf(file);
  expect(about.run).toMatchObject({ seed: 1, complete: true });
  expect(devices).toHaveLength(20);
  expect(total).toMatchObject({ sent: 500, acknowledged: 500, refused: 0, unknown: 0 });
  expect(devices.reduce((sum, { acknowledged }) => sum + acknowledged, 0)).toBe(500);

  expect((await run()).code).toBe(0);
  expect(readFileSync(kept, 'utf8')).toBe(credentials);
});

it('a certificate that the registry does not know any more is made again', { timeout: 60_000 }, async () => {
  const kept = join(pipeline.folder, 'simulator', 'seed-1', 'credentials.jsonl');
  const before = readFileSync(kept, 'utf8').split('\n').length;
  const [first] = readFileSync(kept, 'utf8').split('\n');
  const { thingName } = JSON.parse(first!);
  const revoked = await mesonet('provision', 'revoke', thingName, '--url', pipeline.mesonet.awsEndpoint);
  expect(revoked.code, revoked.stderr).toBe(0);
  const { code, stdout } = await simulate('--stations', '20', '--rate', '10', '--count', '200');
  expect(code).toBe(0);
  expect(JSON.parse(stdout)).toMatchObject({ acknowledged: 200, connections: 20 });
  expect(readFileSync(kept, 'utf8').split('\n')).toHaveLength(before + 1);
});

it('a fleet that comes, goes, and loses its connections loses nothing that was acknowledged', {
  timeout: 60_000,
}, async () => {
  const faults = 'drop:0.01,dup:0.05,garbage:0.05,late:0.1:2,skew:0.2:30';
  const { code, stdout, stderr } = await simulate(
    ...['--stations', '30', '--rate', '2', '--duration', '6', '--identity'],
    ...['--arrival', '2', '--churn', '1', '--storm', '2.5', '--faults', faults],
    ...['--compare', pipeline.mesonet.http],
  );
  const summary = JSON.parse(stdout);
  expect(stderr).toBe('');
  expect(summary, stdout).toMatchObject({ storms: 2, failed: 0, comparison: { holds: true } });
  for (const count of [
    'acknowledged',
    'duplicates',
    'garbage',
    'drops',
    'late',
    'skewed',
    'leaves',
    'reconnects',
  ])
    expect(summary[count], count).toBeGreaterThan(0);
  expect(summary.unacknowledged === 0).toBe(code === 0);
  const ledger = await eventually(
    () => pipeline.get<LedgerReport>('/v1/ledger'),
    ({ stages }) =>
      stages.some(({ stage, inFlight }) => stage === 'function store-readings' && inFlight === 0),
  );
  expect(ledger.accepted).toBeGreaterThanOrEqual(summary.acknowledged);
});

it('two simulators do not take the same devices', { timeout: 60_000 }, async () => {
  const running = simulate('--stations', '3', '--seed', '5', '--duration', '3');
  await eventually(
    () => pipeline.get<{ connections: number }>('/v1/health'),
    ({ connections }) => connections === 3,
  );
  const second = await simulate('--stations', '3', '--seed', '5', '--count', '5');
  expect(second.code).toBe(1);
  expect(second.stderr).toMatch(
    /^error: Cannot simulate the devices of '.*seed-5': another simulator does; choose/,
  );
  expect((await running).code).toBe(0);
});

it('bundles of "mesonet provision" make a fleet', { timeout: 60_000 }, async () => {
  const { awsEndpoint, caFile } = pipeline.mesonet;
  const bundles = join(pipeline.folder, 'bundles');
  mkdirSync(bundles);
  const made = await mesonet(
    ...['provision', '--count', '4', '--prefix', 'roof', '--out', bundles],
    ...['--url', awsEndpoint, '--ca', caFile, '--quiet'],
  );
  expect(made.code, made.stderr).toBe(0);
  const { code, stdout } = await simulate('--bundles', bundles, '--rate', '10', '--count', '100');
  expect(code).toBe(0);
  expect(JSON.parse(stdout)).toMatchObject({ acknowledged: 100, connections: 4 });
  const sensors = await eventually(
    () => pipeline.get<{ station_id: string }[]>('/v1/sensors?station_id=roof-0003'),
    ({ length }) => length === 5,
  );
  expect(sensors[0]).toMatchObject({ station_id: 'roof-0003' });
});

it('says in one sentence that no pipeline is there', { timeout: 60_000 }, async () => {
  const { code, stderr } = await mesonet(
    'simulate',
    '--aws-endpoint',
    'http://127.0.0.1:1',
    '--data',
    pipeline.folder,
  );
  expect(code).toBe(1);
  expect(stderr).toBe(
    'error: Cannot reach http://127.0.0.1:1: nothing listens there; start the pipeline with "mesonet start", or name its AWS endpoint with --aws-endpoint\n',
  );
});
