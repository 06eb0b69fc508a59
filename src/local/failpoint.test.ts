import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, describe, expect, it } from 'vitest';
import { armFailpoints, FAILPOINT_NAMES, FailpointError, failpoint, parseFailpoints } from './failpoint.ts';
import { LocalError } from './local-error.ts';

const folder = fileURLToPath(new URL('.', import.meta.url));
const docs = readFileSync(new URL('../../docs/reliability.md', import.meta.url), 'utf8');

afterEach(() => armFailpoints(undefined));

/** The names that the code passes, out of the text of every file. */
function calledNames(): Set<string> {
  const files = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter(
    (file) => file.endsWith('.ts') && !file.endsWith('.test.ts'),
  );
  const calls = files.flatMap((file) => [
    ...readFileSync(join(folder, file), 'utf8').matchAll(/\bfailpoint\('([\w.]+)'\)/g),
  ]);
  return new Set(calls.map(([, name]) => name!));
}

describe('failpoints', () => {
  it('have a place in the code each, and a row in the docs', () => {
    expect([...calledNames()].sort()).toEqual([...FAILPOINT_NAMES].sort());
    const section = docs.split('\n## ').find((each) => each.startsWith('Failpoints\n'))!;
    const rows = [...section.matchAll(/^\| `(\w+\.\w+)` \|/gm)].map(([, name]) => name);
    expect(rows).toEqual([...FAILPOINT_NAMES]);
  });

  it('do nothing unless they are armed', () => {
    for (const name of FAILPOINT_NAMES) expect(() => failpoint(name)).not.toThrow();
  });

  it('throw at every pass, at the nth, or as often as the probability says', () => {
    armFailpoints('rule.eval=throw@3; stream.beforePut=throw; consumer.beforeInvoke=throw%0');
    expect(() => failpoint('stream.beforePut')).toThrow(FailpointError);
    failpoint('rule.eval');
    failpoint('rule.eval');
    expect(() => failpoint('rule.eval')).toThrow("Failed at failpoint 'rule.eval', as it was armed to");
    failpoint('rule.eval');
    failpoint('consumer.beforeInvoke');
  });

  it('take their time', () => {
    armFailpoints('rule.eval=delay:30');
    const start = performance.now();
    failpoint('rule.eval');
    expect(performance.now() - start).toBeGreaterThanOrEqual(29);
  });

  it('are read from one text', () => {
    const kill = { action: 'kill', millis: 0, pass: undefined, probability: 1 };
    expect([...parseFailpoints('accept.afterAck=kill;log.beforeFsync=delay:50%0.25; ')]).toEqual([
      ['accept.afterAck', kill],
      ['log.beforeFsync', { action: 'delay', millis: 50, pass: undefined, probability: 0.25 }],
    ]);
    expect(parseFailpoints('accept.afterAck=kill@7').get('accept.afterAck')).toEqual({ ...kill, pass: 7 });
  });

  it.each([
    'accept.afterAck',
    'accept.afterAck=die',
    'accept.afterAck=kill@0',
    'accept.afterAck=kill%2',
    'rule.eval=delay',
    'no.such=kill',
    'constructor=kill',
  ])('refuse %j, so that nothing passes for tested that was not', (text) => {
    expect(() => parseFailpoints(text)).toThrow(LocalError);
  });
});
