import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { ASSUMPTIONS } from './assumptions.ts';

const page = readFileSync(new URL('../../docs/cost.md', import.meta.url), 'utf8');

describe('the assumptions of the model', () => {
  it.each(Object.entries(ASSUMPTIONS))('stand in docs/cost.md: %s', (name, { value, basis }) => {
    expect(page).toContain(`| \`${name}\` | ${value} | ${basis} |`);
  });
});
