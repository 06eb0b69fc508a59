import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { MetricDatum } from './emf.ts';
import { BundleError } from './lambda-bundle.ts';
import type { LambdaFunction } from './lambda-function.ts';
import { LambdaRuntime, type LambdaRuntimeOptions } from './lambda-runtime.ts';

const projectFolder = resolve(import.meta.dirname, '../..');
let folder: string;
let runtimes: LambdaRuntime[] = [];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'mesonet-lambda-'));
});
afterEach(async () => {
  await Promise.all(runtimes.map((runtime) => runtime.stop()));
  runtimes = [];
  rmSync(folder, { recursive: true, force: true });
});

const lambda = (name: string, source: string, rest: Partial<LambdaFunction> = {}): LambdaFunction => {
  const file = join(folder, `${name}.ts`);
  writeFileSync(file, source);
  const arn = `arn:aws:lambda:us-east-1:000000000000:function:${name}`;
  return {
    name,
    arn,
    file,
    export: 'handler',
    environment: {},
    timeoutSeconds: 5,
    memoryMegabytes: 128,
    ...rest,
  };
};

const startRuntime = async (
  functions: LambdaFunction[],
  options: Partial<LambdaRuntimeOptions> = {},
): Promise<LambdaRuntime> => {
  const runtime = await LambdaRuntime.start({
    functions,
    dataFolder: join(folder, 'data'),
    projectFolder,
    region: 'eu-west-1',
    endpoints: { aws: 'http://127.0.0.1:9' },
    ...options,
  });
  runtimes.push(runtime);
  return runtime;
};

describe('an invocation', () => {
  test('gets the event, a real context and the environment of the stack and of Lambda', async () => {
    const source = `
      import type { Context } from 'aws-lambda';
      export const handler = async (event: { a: number }, context: Context) => ({
        event, name: context.functionName, id: context.awsRequestId, memory: context.memoryLimitInMB,
        arn: context.invokedFunctionArn, remaining: context.getRemainingTimeInMillis(), group: context.logGroupName,
        table: process.env.TABLE, region: process.env.AWS_REGION, home: process.env.HOME ?? null,
      });`;
    const runtime = await startRuntime([lambda('echo', source, { environment: { TABLE: 't' } })]);
    const result = await runtime.invoke('echo', { a: 1 });
    expect(result).toMatchObject({
      ok: true,
      value: {
        event: { a: 1 },
        name: 'echo',
        memory: '128',
        arn: 'arn:aws:lambda:us-east-1:000000000000:function:echo',
        group: '/aws/lambda/echo',
        table: 't',
        region: 'eu-west-1',
        home: null,
        id: result.requestId,
      },
    });
    const { remaining } = (result as { value: { remaining: number } }).value;
    expect(remaining).toBeGreaterThan(4000);
    expect(remaining).toBeLessThanOrEqual(5000);
  });

  test('starts cold once, then finds the same module again', async () => {
    const runtime = await startRuntime([
      lambda('count', `let n = 0; export const handler = async () => ++n;`),
    ]);
    expect(runtime.statistics()[0]).toMatchObject({ coldStarts: 0, environments: 0 });
    for (const value of [1, 2, 3])
      expect(await runtime.invoke('count', {})).toMatchObject({ ok: true, value });
    expect(runtime.statistics()[0]).toMatchObject({ coldStarts: 1, environments: 1, invocations: 3 });
  });

  test('waits its turn, or runs beside others when more concurrency is given', async () => {
    const source = `let n = 0; let most = 0; export const handler = async () => {
      most = Math.max(most, ++n); await new Promise((r) => setTimeout(r, 100)); n--; return most; };`;
    const runtime = await startRuntime([lambda('slow', source)]);
    const together = await Promise.all([1, 2, 3].map(() => runtime.invoke('slow', {})));
    expect(together.map((result) => result.ok && result.value)).toEqual([1, 1, 1]);
    expect(runtime.statistics()[0]).toMatchObject({ coldStarts: 1 });
    runtime.setConcurrency('slow', 2);
    await Promise.all([1, 2, 3].map(() => runtime.invoke('slow', {})));
    expect(runtime.statistics()[0]).toMatchObject({ coldStarts: 2, environments: 2 });
  });

  test('gives its environment back when no other follows for a while', async () => {
    const source = `let n = 0; export const handler = async () => ++n;`;
    const runtime = await startRuntime([lambda('rare', source)], { idleSeconds: 0.1 });
    await runtime.invoke('rare', {});
    await expect.poll(() => runtime.statistics()[0]?.environments).toBe(0);
    expect(await runtime.invoke('rare', {})).toMatchObject({ ok: true, value: 1 });
  });

  test('fails with the type, message and TypeScript line of what the handler throws', async () => {
    const source = `interface Unused { a: string }\n\nexport const handler = async () => {\n  throw new RangeError('too far');\n};`;
    const runtime = await startRuntime([lambda('thrower', source)]);
    const result = await runtime.invoke('thrower', {});
    expect(result).toMatchObject({ ok: false, error: { errorType: 'RangeError', errorMessage: 'too far' } });
    expect(!result.ok && result.error.trace.join('\n')).toContain('thrower.ts:4:');
    expect(runtime.logs('thrower').at(-1)).toContain('ERROR\tInvoke Error\t{"errorType":"RangeError"');
  });

  test('is ended at its timeout, and the next one starts cold', async () => {
    const source = `let n = 0; export const handler = async (event: { hang: string }) => {
      if (event.hang === 'busy') for (;;) n += 0;
      if (event.hang === 'idle') await new Promise((r) => setTimeout(r, 60_000));
      return ++n; };`;
    const runtime = await startRuntime([lambda('hang', source, { timeoutSeconds: 1 })]);
    expect(await runtime.invoke('hang', {})).toMatchObject({ ok: true, value: 1 });
    for (const hang of ['busy', 'idle']) {
      const result = await runtime.invoke('hang', { hang });
      expect(result).toMatchObject({ ok: false, error: { errorType: 'Sandbox.Timedout' } });
      expect(!result.ok && result.error.errorMessage).toContain('Task timed out after 1.00 seconds');
      expect(await runtime.invoke('hang', {})).toMatchObject({ ok: true, value: 1 });
    }
  });

  test.each([
    ['process.exit', `process.exit(3)`, 'Runtime.ExitError', 'Runtime exited with error: exit status 3'],
    ['process.exit(0)', `process.exit(0)`, 'Runtime.ExitError', 'Runtime exited without providing a reason'],
    [
      'an error in a timer',
      `setTimeout(() => { throw new TypeError('later') }); await new Promise(() => {})`,
      'TypeError',
      'later',
    ],
    [
      'a rejection nobody handles',
      `Promise.reject(new Error('nobody')); await new Promise((r) => setTimeout(r, 1000))`,
      'Runtime.UnhandledPromiseRejection',
      'nobody',
    ],
    [
      'an answer that is not JSON',
      `const a: { b?: object } = {}; a.b = a; return a`,
      'Runtime.MarshalError',
      'Unable to stringify response body',
    ],
    [
      'memory without end',
      `const all: number[][] = []; for (;;) all.push(new Array(100_000).fill(Math.random()))`,
      'Runtime.OutOfMemory',
      'Runtime exited with error: signal: killed',
    ],
  ])('fails by %s, and the runtime lives', async (_, body, errorType, message) => {
    const source = `export const handler = async (event: { fail?: boolean }) => { if (!event.fail) return 'fine'; ${body}; };`;
    const runtime = await startRuntime([
      lambda('fragile', source, { timeoutSeconds: 20, memoryMegabytes: 64 }),
    ]);
    const result = await runtime.invoke('fragile', { fail: true });
    expect(result).toMatchObject({ ok: false, error: { errorType } });
    expect(!result.ok && result.error.errorMessage).toContain(message);
    expect(await runtime.invoke('fragile', {})).toMatchObject({ ok: true, value: 'fine' });
  });

  test.each([
    ['no such export', `export const other = 1;`, 'Runtime.HandlerNotFound', 'is undefined or not exported'],
    [
      'a callback handler',
      `export const handler = (e: unknown, c: unknown, done: () => void) => done();`,
      'Runtime.CallbackHandlerDeprecated',
      'takes a callback',
    ],
    ['a module that throws', `throw new Error('no table'); export const handler = 1;`, 'Error', 'no table'],
  ])('fails at each cold start with %s', async (_, source, errorType, message) => {
    const runtime = await startRuntime([lambda('broken', source)]);
    for (let n = 0; n < 2; n++) {
      const result = await runtime.invoke('broken', {});
      expect(result).toMatchObject({ ok: false, error: { errorType } });
      expect(!result.ok && result.error.errorMessage).toContain(message);
    }
  });

  test('answers null for undefined, and refuses an event over 6 MB', async () => {
    const runtime = await startRuntime([lambda('nothing', `export const handler = async () => {};`)]);
    expect(await runtime.invoke('nothing', {})).toMatchObject({ ok: true, value: null });
    const result = await runtime.invoke('nothing', 'x'.repeat(6 * 1024 * 1024));
    expect(result).toMatchObject({ ok: false, error: { errorType: 'RequestTooLargeException' } });
    await expect(runtime.invoke('nobody', {})).rejects.toThrow(
      "Cannot invoke 'nobody': the stack has no such function",
    );
  });
});

describe('what a function prints', () => {
  test('is kept in memory and in a file, and EMF lines become metrics before the answer arrives', async () => {
    const source = `
      const emf = { _aws: { Timestamp: 1000, CloudWatchMetrics: [{ Namespace: 'N', Dimensions: [['function']], Metrics: [{ Name: 'RecordsIn', Unit: 'Count' }] }] } };
      export const handler = async () => {
        console.log(JSON.stringify({ ...emf, function: 'f', RecordsIn: 5 }));
        console.log(JSON.stringify({ level: 'INFO', message: 'hello' }));
        console.error('careful');
        console.log(JSON.stringify({ ...emf, RecordsIn: 5 }));
      };`;
    const seen: [string, MetricDatum][] = [];
    const runtime = await startRuntime([lambda('printer', source)], {
      onMetric: (datum, name) => seen.push([name, datum]),
    });
    await runtime.invoke('printer', {});
    expect(seen).toMatchObject([['printer', { namespace: 'N', name: 'RecordsIn', values: [5] }]]);
    expect(runtime.metrics.get('N', 'RecordsIn', { function: 'f' })).toMatchObject({ total: 5 });
    expect(runtime.logs('printer').slice(1, 3)).toEqual(['{"level":"INFO","message":"hello"}', 'careful']);
    expect(runtime.logs('printer').at(-1)).toContain('dimension "function" has no text value');
    await runtime.stop();
    runtimes = [];
    const file = readFileSync(join(folder, 'data/logs/printer.log'), 'utf8');
    expect(file).toContain('{"level":"INFO","message":"hello"}\ncareful\n');
  });
});

describe('a bundle', () => {
  test('stops the start with the file, line and excerpt when the code does not compile', async () => {
    const start = startRuntime([lambda('wrong', `export const handler = async () => {\n  const x = ;\n};`)]);
    await expect(start).rejects.toThrow(BundleError);
    const error = await start.catch((reason: Error) => reason);
    expect((error as Error).message).toContain("Cannot compile function 'wrong' from");
    expect((error as Error).message).toMatch(/wrong\.ts:2:12:\n.*const x = ;/);
  });

  test('is kept while nothing it was made of changes, and replaced when something does', async () => {
    writeFileSync(join(folder, 'part.ts'), `export const part = 'one';`);
    const made = lambda(
      'parts',
      `import { part } from './part.ts'; export const handler = async () => part;`,
    );
    const bundles = () =>
      readdirSync(join(folder, 'data/functions')).filter((file) => file.startsWith('parts-'));
    const time = () => statSync(join(folder, 'data/functions', bundles()[0]!)).mtimeMs;
    expect(await (await startRuntime([made])).invoke('parts', {})).toMatchObject({ value: 'one' });
    const [first] = bundles();
    const firstTime = time();
    await startRuntime([made]);
    expect([bundles(), time()]).toEqual([[first], firstTime]);
    writeFileSync(join(folder, 'part.ts'), `export const part = 'two';`);
    expect(await (await startRuntime([made])).invoke('parts', {})).toMatchObject({ value: 'two' });
    expect(bundles()).toHaveLength(1);
    expect(bundles()).not.toEqual([first]);
  });
});
