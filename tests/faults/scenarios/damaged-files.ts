import { cpSync, readdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { RuntimeProcess } from '../../delivery/runtime-process.ts';
import { eventually, RuntimeClient, readingOf } from '../runtime-client.ts';
import { type FaultScenario, must } from '../scenario.ts';

const READINGS = 20;
const DAMAGES = {
  cut: (file: string, bytes: Buffer) => truncateSync(file, Math.floor(bytes.length / 2)),
  flipped: (file: string, bytes: Buffer) => writeFileSync(file, withFlippedByte(bytes)),
  zeroed: (file: string, bytes: Buffer) => writeFileSync(file, Buffer.alloc(bytes.length)),
};
type Damage = keyof typeof DAMAGES;

export const scenario: FaultScenario = {
  name: 'damaged-files',
  what: 'each file of the data folder is cut in half, has a byte flipped, or is full of NULs (with --long each file in each way)',
  passMark:
    'it starts and shows only what was sent, or says in one sentence which file or store is damaged; it never crashes',
  async run({ folder, isLong }) {
    const data = join(folder, 'data');
    await makeFolder(data);
    const files = filesOf(data).filter((_, at) => isLong || at % 2 === 0);
    const kinds = Object.keys(DAMAGES) as Damage[];
    let [started, refused] = [0, 0];
    const problems: string[] = [];
    for (const [at, file] of files.entries())
      for (const kind of isLong ? kinds : [kinds[at % kinds.length]!]) {
        const copy = join(folder, 'copy');
        cpSync(data, copy, { recursive: true });
        DAMAGES[kind](join(copy, file), readFileSync(join(copy, file)));
        const outcome = await startOn(copy);
        if (outcome.problem) problems.push(`${file} ${kind}: ${outcome.problem}`);
        else if (outcome.isStarted) started += 1;
        else refused += 1;
        rmSync(copy, { recursive: true });
      }
    must(problems.length === 0, problems.join('; '));
    return `${files.length} files, ${started + refused} damages: ${started} started with nothing invented, ${refused} refused in a sentence`;
  },
};

async function makeFolder(data: string): Promise<void> {
  const client = await RuntimeClient.start(data);
  try {
    for (let value = 1; value <= READINGS; value += 1)
      must(await client.tryPublish(readingOf(value)), 'A reading is refused');
    await eventually(
      'the tables',
      () => client.samples('s1'),
      (found) => found.length === READINGS,
    );
    await client.stop();
  } finally {
    await client.kill();
  }
}

/** What is compiled anew when it is not what it should be, and what is only printed, is left out. */
function filesOf(data: string): string[] {
  const all = readdirSync(data, { recursive: true, withFileTypes: true });
  return all
    .filter((each) => each.isFile())
    .map((each) => join(each.parentPath, each.name).slice(data.length + 1))
    .filter((file) => !/^(functions|logs)\/|\/LOG/.test(file))
    .sort();
}

async function startOn(data: string): Promise<{ isStarted: boolean; problem?: string }> {
  const process = new RuntimeProcess(data, '');
  const ready = await process.ready;
  if (!ready) {
    const end = await process.ended;
    const said = process.errors.trim();
    const isSentence =
      end === 'code 1' && said.includes(data) && /restore|--data|remove/.test(said) && !/^\s+at /m.test(said);
    return { isStarted: false, ...(!isSentence && { problem: `ended with ${end}: ${said.slice(0, 300)}` }) };
  }
  const client = RuntimeClient.of(process, ready);
  try {
    const isSent = (value: unknown): boolean =>
      Number.isInteger(value) && Number(value) >= 1 && Number(value) <= READINGS;
    const shown = [...(await client.samples('s1').catch(() => [])), ...(await streamed(client))];
    const invented = shown.filter((value) => !isSent(value));
    const { status } = await client.get<{ status: string }>('/v1/health');
    if (invented.length > 0) return { isStarted: true, problem: `it shows ${invented.join(', ')}` };
    return { isStarted: true, ...(status !== 'ok' && { problem: `its health is '${status}'` }) };
  } finally {
    await client.kill();
  }
}

async function streamed(client: RuntimeClient): Promise<unknown[]> {
  return (await client.stream('readings')).map(({ sensor_value: value }) => value);
}

function withFlippedByte(bytes: Buffer): Buffer {
  const flipped = Buffer.from(bytes);
  const at = Math.floor(bytes.length / 2);
  if (bytes.length > 0) flipped[at] = flipped[at]! ^ 0x10;
  return flipped;
}
