import { spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';
import { GetObjectCommand } from '@aws-sdk/client-s3';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import type { Template } from '../../src/stack/template.ts';
import { hasFlinkTools } from '../flink/flink-runner.test-support.ts';
import { projectFolder } from '../template/package-stack.test-support.ts';
import { findTool } from '../tools/find-tool.test-support.ts';
import { type AwsClients, connectAws } from './aws-clients.test-support.ts';
import { Checkout } from './checkout.test-support.ts';
import { Emulator } from './emulator.test-support.ts';
import { MISSING_TYPES } from './emulator-gaps.test-support.ts';
import { physicalIds } from './read-back.test-support.ts';

const tool = findTool('ministack');
const isPossible = hasFlinkTools() && tool !== undefined;
/** Maven may have to build the runner first. */
const DEPLOY_MILLIS = 600_000;
vi.setConfig({ testTimeout: DEPLOY_MILLIS });
/** Its CloudFormation refuses alarms on metric math; the other alarms are read back in deploy.test.ts. */
const ALARM = 'AWS::CloudWatch::Alarm';
/** Jars that were built before, by their content. */
const JARS = join('.mesonet', 'flink');

const APPLICATIONS = ['weather-windows', 'weather-alerts'];

describe.skipIf(!isPossible)('sls deploy --param windows=flink on an emulator', () => {
  let emulator: Emulator;
  let aws: AwsClients;
  let checkout: Checkout;
  let first: Template;
  const sls = async (...args: string[]) => {
    const result = await checkout.sls([...args, '--stage', 'dev'], {
      ...emulator.environment,
      LEFT_OUT_TYPES: [...MISSING_TYPES.map(({ type }) => type), ALARM].join(','),
      MAVEN_OPTS: `-Duser.home=${homedir()}`,
    });
    if (result.status !== 0) throw new Error(`Cannot run sls ${args.join(' ')}:\n${result.output}`);
    return result.output;
  };
  /** What `flink-plugin.cjs` asks the service with, here for one state. */
  const ask = (call: 'status' | 'start' | 'stop', name: string): string => {
    const script = `
      const { ManagedFlink } = require('./bin/flink/managed-flink.cjs');
      const credentials = { accessKeyId: 'test', secretAccessKey: 'test' };
      new ManagedFlink({ region: 'us-east-1', credentials, pollMillis: 50 })['${call}']('${name}').then((answer) => console.log(String(answer)));`;
    const { stdout, stderr } = spawnSync(process.execPath, ['-e', script], {
      cwd: checkout.folder,
      encoding: 'utf8',
      env: { ...process.env, ...emulator.environment },
    });
    return stdout.trim() || stderr;
  };

  beforeAll(async () => {
    emulator = await Emulator.start(tool!);
    aws = connectAws(emulator);
    checkout = new Checkout();
    checkout.addLeaveOutPlugin();
    if (existsSync(join(projectFolder, JARS)))
      cpSync(join(projectFolder, JARS), join(checkout.folder, JARS), { recursive: true });
    await sls('deploy', '--param', 'windows=flink');
    first = checkout.template();
  }, DEPLOY_MILLIS);

  afterAll(async () => {
    checkout?.remove();
    await emulator?.stop();
  });

  it('makes the applications, uploads the jars with their jobs, and starts both', async () => {
    const ids = await physicalIds(aws, 'mesonet-dev');
    const bucket = ids.get('ServerlessDeploymentBucket')!;
    for (const name of APPLICATIONS) {
      expect(ask('status', `mesonet-dev-${name}`)).toBe('RUNNING');
      const [key] = jarKeys(first).filter((each) => each.includes(name));
      const { Body } = await aws.s3.send(new GetObjectCommand({ Bucket: bucket, Key: key! }));
      const job = jobOf(Buffer.from(await Body!.transformToByteArray()));
      expect(job).toMatchObject({ version: 1, application: name });
    }
  });

  it('starts what does not run, stops what runs, and leaves the rest alone', () => {
    const name = 'mesonet-dev-weather-windows';
    expect(ask('start', name)).toBe('false');
    expect(ask('stop', name)).toBe('true');
    expect(ask('status', name)).toBe('READY');
    expect(ask('stop', name)).toBe('false');
    expect(ask('start', name)).toBe('true');
    expect(ask('status', name)).toBe('RUNNING');
    expect(ask('stop', 'nobody')).toBe('false');
    expect(ask('start', 'nobody')).toContain("Cannot start application 'nobody': it is undefined");
  });

  it('goes back to the function, which begins at the minute that was given', async () => {
    await sls('deploy', '--param', 'windowsFrom=2026-11-21T10:05:00Z');
    const { Resources } = checkout.template();
    expect(Resources.AggregateWindowsEventSourceMappingKinesisReadingsStream?.Properties).toMatchObject({
      StartingPosition: 'AT_TIMESTAMP',
      StartingPositionTimestamp: Date.parse('2026-11-21T10:05:00Z') / 1000,
    });
    const ids = await physicalIds(aws, 'mesonet-dev');
    expect(ids.has('AggregateWindowsLambdaFunction')).toBe(true);
    expect(ids.has('WeatherWindowsApplication')).toBe(false);
    expect(ask('status', 'mesonet-dev-weather-windows')).toBe('undefined');
  });
});

function jarKeys({ Resources }: Template): string[] {
  return [...JSON.stringify(Resources).matchAll(/"FileKey":"([^"]+)"/g)].map(([, key]) => key!);
}

/** The job in a jar, as `unzip` would show it. */
function jobOf(jar: Buffer): unknown {
  const folder = mkdtempSync(join(tmpdir(), 'mesonet-jar-'));
  try {
    writeFileSync(join(folder, 'it.jar'), jar);
    const { status, stderr } = spawnSync('jar', ['--extract', '--file', 'it.jar', 'flink-job.json'], {
      cwd: folder,
      encoding: 'utf8',
    });
    if (status !== 0) throw new Error(stderr);
    return createRequire(import.meta.url)(join(folder, 'flink-job.json'));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
