import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { Template } from '../../src/stack/template.ts';
import { findTool } from '../tools/find-tool.test-support.ts';
import { packageStack, VARIANTS } from './package-stack.test-support.ts';

const tool = findTool('cfn-lint');

/** The framework adds a DependsOn where a reference says the same. */
const ACCEPTED = 'W3005';

describe.skipIf(tool === undefined)('cfn-lint', () => {
  it.each(VARIANTS)(
    'finds nothing in the template of stage %s with %o',
    async (stage, parameters) => {
      expect(lint(await packageStack(stage, parameters))).toEqual({ status: 0, output: '' });
    },
    120_000,
  );

  it('finds a property that does not exist', () => {
    const Properties = { ShardCount: 1, RetentionHours: 24 };
    const { status, output } = lint({ Resources: { Stream: { Type: 'AWS::Kinesis::Stream', Properties } } });
    expect(status).not.toBe(0);
    expect(output).toContain("'RetentionHours' was unexpected");
  }, 60_000);
});

function lint(template: Template): { status: number | null; output: string } {
  const folder = mkdtempSync(join(tmpdir(), 'mesonet-lint-'));
  try {
    const file = join(folder, 'template.json');
    writeFileSync(file, JSON.stringify(template));
    const { status, stdout, stderr } = spawnSync(tool!, ['--ignore-checks', ACCEPTED, '--', file], {
      encoding: 'utf8',
    });
    return { status, output: `${stdout}${stderr}`.trim() };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
