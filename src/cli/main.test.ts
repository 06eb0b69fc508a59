import { describe, expect, it } from 'vitest';
import { runMesonet } from './rule/run-mesonet.test-support.ts';

describe('a wrong command line', () => {
  it.each([
    'start --nope',
    'start --mqtt-port many',
    'simulate --nope',
    'provision --nope',
    'provision list --nope',
    'doctor --wait',
    'doctor --device a --wait long',
    'doctor --device a b',
    'trace',
    'replay --nope',
    'rule',
    'rule test --nope',
    'rule explain',
    'sql run',
    'sql report --nope',
    'cost --nope',
    'nope',
    '--nope',
  ])('ends with exit code 2 and says why: mesonet %s', { timeout: 60_000 }, async (line) => {
    const { code, stdout, stderr } = await runMesonet(line.split(' '));
    expect([code, stdout]).toEqual([2, '']);
    expect(stderr).toMatch(/error: |Usage: /);
  });

  it.each(['--help', 'doctor --help', 'rule test --help', '--version'])(
    'is none that asks for help: mesonet %s',
    { timeout: 60_000 },
    async (line) => {
      const { code, stderr } = await runMesonet(line.split(' '));
      expect([code, stderr]).toEqual([0, '']);
    },
  );
});
