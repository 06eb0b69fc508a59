import { readFileSync, writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { checkInvariants, type Finding } from './check-invariants.ts';
import { readHistory } from './history.ts';
import { readStores } from './read-stores.ts';
import type { Stores } from './stores.ts';

/*
 * Proves that nothing was lost: reads what clients did and what the stores hold, through public interfaces only, and
 * shares no code with the pipeline.
 *
 *   node tests/delivery/check-delivery.ts --history F [--history F2 …] --api URL --aws URL [--quiet-seconds 150] [--save F]
 *   node tests/delivery/check-delivery.ts --history F --stores F     what --save has written
 *
 * Exit code 1 when an invariant is violated, 2 for a wrong command line.
 */

const MAX_SHOWN = 5;

export function printFinding({ invariant, numbers, violations }: Finding): string {
  if (violations.length === 0) return `ok        ${invariant.padEnd(20)} ${numbers}`;
  const shown = violations.slice(0, MAX_SHOWN).map((each) => `            ${each}`);
  const rest =
    violations.length > MAX_SHOWN ? [`            … and ${violations.length - MAX_SHOWN} more`] : [];
  return [`VIOLATED  ${invariant.padEnd(20)} ${violations.length} times`, ...shown, ...rest].join('\n');
}

async function run(): Promise<void> {
  const { values } = parseArgs({
    options: {
      history: { type: 'string', multiple: true },
      api: { type: 'string' },
      aws: { type: 'string' },
      stores: { type: 'string' },
      save: { type: 'string' },
      'quiet-seconds': { type: 'string', default: '150' },
    },
  });
  const { history: files, api, aws, stores: storesFile } = values;
  const quietSeconds = Number(values['quiet-seconds']);
  const isWhole =
    files !== undefined && (storesFile !== undefined || (api !== undefined && aws !== undefined));
  if (!isWhole || !(quietSeconds > 0))
    throw new TypeError('expected --history with --api and --aws, or with --stores');
  const stores = storesFile
    ? (JSON.parse(readFileSync(storesFile, 'utf8')) as Stores)
    : await readStores({ api: api!, aws: aws!, quietSeconds });
  if (values.save !== undefined) writeFileSync(values.save, JSON.stringify(stores));
  const findings = checkInvariants(readHistory(files), stores, { quietSeconds });
  for (const finding of findings) console.log(printFinding(finding));
  if (findings.some(({ violations }) => violations.length > 0)) process.exitCode = 1;
}

if (import.meta.main)
  await run().catch((error: Error) => {
    console.error(`Cannot check the delivery: ${error.message}`);
    process.exitCode = error instanceof TypeError ? 2 : 1;
  });
