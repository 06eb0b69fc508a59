import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { CHECKS } from '../../src/template-checks/check-template.ts';
import { printGaps } from './print-gaps.test-support.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
const page = readFileSync(join(root, 'docs', 'deploy.md'), 'utf8');

describe('docs/deploy.md', () => {
  it('lists what the emulator cannot do as the test does', () => {
    const section = page.split('<!-- gaps -->\n')[1]?.split('\n<!-- end of gaps -->')[0];
    expect(section).toBe(printGaps());
  });

  it('names every check of the template', () => {
    const section = page.split('### Our checks\n')[1]?.split('\n### ')[0] ?? '';
    const named = [...section.matchAll(/^\| `([\w-]+)` \|/gm)].map(([, name]) => name);
    expect(named).toEqual(CHECKS.map(({ name }) => name));
  });
});
