import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { differences } from './differences.ts';
import { flinkFunctions } from './flink-functions.ts';

const page = readFileSync(new URL('../../../docs/flink.md', import.meta.url), 'utf8');

it('docs/flink.md names every function of the runner and what it is for', () => {
  const rows = page.split('\n').filter((line) => line.startsWith('| `MESONET_'));
  expect(
    rows.map((row) => row.split('|').map((cell) => cell.trim())).map(([, name, , says]) => [name, says]),
  ).toEqual(Object.entries(flinkFunctions).map(([name, { says }]) => [`\`${name}\``, says]));
});

it('docs/flink.md names every difference in the words of the report', () => {
  const table = page.slice(page.indexOf('## Differences'));
  const said = table
    .split('\n')
    .filter((line) => line.startsWith('| '))
    .slice(1)
    .map((line) => line.split('|')[2]?.trim());
  expect(said).toEqual(Object.values(differences));
});
