import { spawnSync } from 'node:child_process';
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { LOCAL_PLACE } from '../../src/stack/local-place.ts';
import { readStack } from '../../src/stack/read-stack.ts';
import type { Template } from '../../src/stack/template.ts';
import { packageStack, projectFolder } from './package-stack.test-support.ts';

/** The stack may have to be compiled first, more than once. */
const PACKAGE_MILLIS = 240_000;

/** What only the function needs, and what only Flink does, by their ids. */
const OF_FUNCTION =
  /^AggregateWindows(Role|LogGroup|LambdaFunction|LagAlarm|EventSourceMapping\w+|LambdaVersion\w+)$/;
const OF_FLINK =
  /^(WeatherWindows|WeatherAlerts)(Application|Logging|Logs|LogStream|Role|\w+Alarm)$|^RefusedRows/;

describe('the parameter windows', () => {
  it(
    'is lambda where nobody says otherwise, and nothing of Flink is deployed then',
    async () => {
      const usual = await packageStack('dev');
      expect(comparable(await packageStack('dev', { windows: 'lambda' }))).toEqual(comparable(usual));
      expect(JSON.stringify(usual)).not.toMatch(/flink|KinesisAnalytics/i);
      expect(Object.keys(usual.Resources).filter((id) => OF_FLINK.test(id))).toEqual([]);
    },
    PACKAGE_MILLIS,
  );

  it(
    'puts applications in the place of the function, and leaves everything else as it is',
    async () => {
      const [lambda, flink] = await Promise.all([
        packageStack('dev'),
        packageStack('dev', { windows: 'flink' }),
      ]);
      const without = (template: Template, ids: RegExp) =>
        Object.fromEntries(
          Object.entries(comparable(template).Resources).filter(
            ([id]) => !ids.test(id) && id !== 'Dashboard',
          ),
        );
      expect(Object.keys(lambda.Resources).filter((id) => OF_FUNCTION.test(id)).length).toBeGreaterThan(4);
      expect(Object.keys(flink.Resources).filter((id) => OF_FUNCTION.test(id))).toEqual([]);
      expect(without(flink, OF_FLINK)).toEqual(without(lambda, OF_FUNCTION));
      expect(JSON.stringify(flink)).not.toContain('AggregateWindowsLambdaFunction');
    },
    PACKAGE_MILLIS,
  );

  it(
    'gives each application a jar of its own, named by its content, and its role that jar only',
    async () => {
      const { Resources } = await packageStack('dev', { windows: 'flink' });
      for (const name of ['Windows', 'Alerts']) {
        const [key] = /serverless\/mesonet\/dev\/flink\/[^"]+/.exec(
          JSON.stringify(Resources[`Weather${name}Application`]),
        )!;
        expect(key).toMatch(new RegExp(`/weather-${name.toLowerCase()}-[0-9a-f]{20}\\.jar$`));
        expect(JSON.stringify(Resources[`Weather${name}Role`])).toContain(`/${key}"`);
      }
    },
    PACKAGE_MILLIS,
  );

  it(
    'is no matter to the local runtime: it runs the same applications, and says that Flink does not run here',
    async () => {
      const read = async (windows: string) =>
        readStack(await packageStack('dev', { windows }), projectFolder, LOCAL_PLACE);
      const [lambda, flink] = await Promise.all([read('lambda'), read('flink')]);
      const files = ({ applications }: typeof lambda) =>
        applications.map(({ file, outputs }) => ({ file, outputs }));
      expect(files(flink)).toEqual(files(lambda));
      expect(flink.applications.map(({ functionName }) => functionName)).toEqual([undefined, undefined]);
      expect(flink.notEmulated).toContainEqual({
        logicalId: 'WeatherWindowsApplication',
        type: 'AWS::KinesisAnalyticsV2::Application',
        reason: 'its streaming SQL runs in the engine of this process',
      });
    },
    PACKAGE_MILLIS,
  );
});

describe('the jobs of Flink', () => {
  const script = join(projectFolder, 'src', 'flink-jobs', 'print-job-documents.ts');
  const print = (folder: string, ...applications: object[]) =>
    spawnSync(process.execPath, ['--no-warnings', script, folder, JSON.stringify(applications)], {
      encoding: 'utf8',
    });
  const alerts = {
    Name: 'weather-alerts',
    Code: 'analytics-sql/weather-alerts.sql',
    Outputs: { ALERT_STREAM: { PartitionKey: 'sensor_id' } },
    References: { THRESHOLDS: { File: 'analytics-sql/weather-alerts.thresholds.csv' } },
  };

  it('hold the partition keys of the stack and the rows of reference tables', () => {
    const { stdout, stderr } = print(projectFolder, alerts);
    expect(stderr).toBe('');
    const [job] = (JSON.parse(stdout) as string[]).map((text) => JSON.parse(text));
    expect(
      job.outputs.find(({ stream }: { stream: string }) => stream === 'ALERT_STREAM').partitionKey,
    ).toEqual(['sensor_id']);
    const file = join(projectFolder, 'analytics-sql', 'weather-alerts.thresholds.csv');
    expect(job.source.reference[0].content).toBe(readFileSync(file, 'utf8'));
  });

  it.each([
    [
      'a statement that Flink cannot run',
      { ...alerts, TimeColumn: 'record_timestamp', AllowedLatenessMillis: 1000 },
      /^Cannot run 'analytics-sql\/weather-alerts.sql' on Flink: Cannot print pump "AVERAGE_PUMP" as Flink SQL: late rows .*; change it, or deploy with --param windows=lambda$/,
    ],
    [
      'an output that the SQL does not make',
      { ...alerts, Outputs: { NOWHERE: {} } },
      /^Cannot run application 'weather-alerts' on Flink: its SQL makes no stream 'NOWHERE', it makes 'FIVE_MINUTES', /,
    ],
    [
      'a reference table without file',
      { ...alerts, References: {} },
      /^Cannot run application 'weather-alerts' on Flink: the stack names no file for its reference table 'THRESHOLDS'$/,
    ],
  ])('are refused for %s, in one sentence', (_, application, sentence) => {
    const { status, stdout, stderr } = print(projectFolder, application);
    expect(stderr.trim()).toMatch(sentence);
    expect({ status, stdout }).toEqual({ status: 1, stdout: '' });
  });

  it('are refused with the place in the text where nothing can run them', () => {
    const folder = mkdtempSync(join(tmpdir(), 'mesonet-job-'));
    try {
      cpSync(join(projectFolder, 'analytics-sql'), join(folder, 'analytics-sql'), {
        recursive: true,
        filter: (file) => !file.includes('flink-runner'),
      });
      expect(readdirSync(join(folder, 'analytics-sql'))).toContain('weather-alerts.sql');
      writeFileSync(join(folder, alerts.Code), 'CREATE OR REPLACE STREAM;');
      const { status, stderr } = print(folder, alerts);
      expect(status).toBe(1);
      expect(stderr).toContain('analytics-sql/weather-alerts.sql');
      expect(stderr).toContain('1:');
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });
});

/** Without what another time of packaging changes: where artifacts lie, versions of functions by their code. */
function comparable(template: Template): Template {
  const text = JSON.stringify(template)
    .replaceAll(/serverless\/mesonet\/dev\/\d[^/"]+/g, 'artifacts')
    .replaceAll(/LambdaVersion\w+/g, 'LambdaVersion');
  const { Resources, ...rest } = JSON.parse(text) as Template;
  const kept = Object.entries(Resources).filter(([, { Type }]) => Type !== 'AWS::Lambda::Version');
  return { ...rest, Resources: Object.fromEntries(kept) };
}
