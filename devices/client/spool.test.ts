import { spawn } from 'node:child_process';
import {
  appendFileSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import fc from 'fast-check';
import { afterEach, describe, expect, test } from 'vitest';
import { SpoolError, SpoolFullError } from '../device-error.ts';
import { Spool, type SpoolOptions } from './spool.ts';

const folders: string[] = [];
const open = new Set<Spool>();
afterEach(async () => {
  for (const spool of open) await spool.close();
  open.clear();
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true });
});

function newFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'mesonet-spool-'));
  folders.push(folder);
  return folder;
}

async function openSpool(options: Partial<SpoolOptions> = {}): Promise<Spool> {
  const spool = await Spool.open({ folder: newFolder(), ...options });
  open.add(spool);
  return spool;
}

async function close(spool: Spool): Promise<void> {
  open.delete(spool);
  await spool.close();
}

function takeTexts(spool: Spool, limit = 100_000): string[] {
  return spool.take(limit).map(({ text }) => text);
}

function fill(spool: Spool, from: number, to: number): string[] {
  const texts = Array.from({ length: to - from }, (_, index) => `{"n":${from + index}}`);
  for (const each of texts) spool.append(each);
  return texts;
}

function segmentsOf(folder: string): string[] {
  return readdirSync(folder)
    .filter((name) => name.endsWith('.spool'))
    .sort()
    .map((name) => join(folder, name));
}

describe('a spool', () => {
  test('gives what was appended, in order, once', async () => {
    const spool = await openSpool();
    const texts = fill(spool, 0, 100);
    expect(takeTexts(spool, 30)).toEqual(texts.slice(0, 30));
    expect(takeTexts(spool)).toEqual(texts.slice(30));
    texts.push(...fill(spool, 100, 103));
    expect(takeTexts(spool)).toEqual(texts.slice(100));
    expect(takeTexts(spool)).toEqual([]);
    expect(spool.stats).toMatchObject({ pending: 103, dropped: 0, damaged: 0 });
  });

  test('gives again after rewind what was not acknowledged, before anything newer', async () => {
    const spool = await openSpool();
    fill(spool, 0, 10);
    const taken = spool.take(6);
    spool.acknowledge([taken[1]!.index, taken[3]!.index]);
    spool.rewind();
    spool.take(1);
    spool.rewind();
    expect(takeTexts(spool)).toEqual([0, 2, 4, 5, 6, 7, 8, 9].map((n) => `{"n":${n}}`));
  });

  test('keeps over a restart what was not acknowledged', async () => {
    const folder = newFolder();
    const spool = await openSpool({ folder });
    fill(spool, 0, 10);
    spool.acknowledge(spool.take(4).map(({ index }) => index));
    await close(spool);
    const again = await openSpool({ folder });
    expect(again.stats.pending).toBe(6);
    fill(again, 10, 12);
    expect(takeTexts(again)).toEqual(Array.from({ length: 8 }, (_, index) => `{"n":${index + 4}}`));
  });

  test('removes files whose records are all acknowledged', async () => {
    const folder = newFolder();
    const spool = await openSpool({ folder, maxBytes: 80_000 });
    fill(spool, 0, 2000);
    expect(segmentsOf(folder).length).toBeGreaterThan(3);
    spool.acknowledge(spool.take(2000).map(({ index }) => index));
    expect(segmentsOf(folder)).toHaveLength(1);
    expect(spool.stats).toMatchObject({ pending: 0 });
    await close(spool);
    expect((await openSpool({ folder })).stats).toMatchObject({ pending: 0, bytes: 0 });
  });

  test('drops the oldest when it is full, counts them, and never exceeds its bound', async () => {
    const folder = newFolder();
    const spool = await openSpool({ folder, maxBytes: 40_000 });
    fill(spool, 0, 100);
    spool.acknowledge(spool.take(50).map(({ index }) => index));
    fill(spool, 100, 5000);
    const { pending, dropped, bytes } = spool.stats;
    expect(bytes).toBeLessThanOrEqual(40_000);
    expect(segmentsOf(folder).reduce((sum, path) => sum + statSync(path).size, 0)).toBe(bytes);
    expect(dropped).toBeGreaterThan(0);
    expect(50 + pending + dropped).toBe(5000);
    const left = takeTexts(spool);
    expect(left).toHaveLength(pending);
    expect(left.at(-1)).toBe('{"n":4999}');
  });

  test('drops what is taken as well; acknowledging it later changes nothing', async () => {
    const spool = await openSpool({ maxBytes: 4096 });
    fill(spool, 0, 20);
    const taken = spool.take(20).map(({ index }) => index);
    fill(spool, 20, 1000);
    const { pending, dropped } = spool.stats;
    spool.acknowledge(taken);
    expect(spool.stats).toMatchObject({ pending, dropped });
    expect(pending + dropped).toBe(1000);
  });

  test('refuses the newest when it is full, if asked, and takes more once there is room', async () => {
    const spool = await openSpool({ maxBytes: 4096, whenFull: 'refuse-newest' });
    let kept = 0;
    const fillUp = () => {
      for (;;) {
        spool.append(`{"n":${kept}}`);
        kept++;
      }
    };
    expect(fillUp).toThrow(SpoolFullError);
    const texts = Array.from({ length: kept }, (_, index) => `{"n":${index}}`);
    const taken = spool.take(kept);
    expect(taken.map(({ text: each }) => each)).toEqual(texts);
    spool.acknowledge(taken.map(({ index }) => index));
    expect(fillUp).toThrow(SpoolFullError);
    expect(spool.stats.dropped).toBe(0);
  });

  test('belongs to one process, and is free again when it ends', async () => {
    const folder = newFolder();
    const spool = await openSpool({ folder });
    await expect(Spool.open({ folder })).rejects.toThrow(
      new SpoolError(`Cannot open the spool "${folder}": another process is using it`),
    );
    await close(spool);
    await close(await openSpool({ folder }));
  });

  test('can be read by nobody else', async () => {
    const folder = join(newFolder(), 'spool');
    const spool = await openSpool({ folder });
    fill(spool, 0, 1);
    await spool.durable();
    for (const path of [folder, ...segmentsOf(folder)]) expect(statSync(path).mode & 0o077).toBe(0);
  });

  test('does whatever is asked of it as a list in memory would', async () => {
    const command = fc.oneof(
      {
        weight: 4,
        arbitrary: fc.record({ kind: fc.constant('append' as const), n: fc.integer({ min: 1, max: 30 }) }),
      },
      {
        weight: 3,
        arbitrary: fc.record({ kind: fc.constant('take' as const), n: fc.integer({ min: 1, max: 30 }) }),
      },
      { weight: 3, arbitrary: fc.record({ kind: fc.constant('acknowledge' as const), n: fc.nat(30) }) },
      { weight: 1, arbitrary: fc.record({ kind: fc.constant('rewind' as const), n: fc.constant(0) }) },
      { weight: 1, arbitrary: fc.record({ kind: fc.constant('reopen' as const), n: fc.constant(0) }) },
    );
    await fc.assert(
      fc.asyncProperty(fc.array(command, { maxLength: 40 }), async (commands) => {
        const folder = newFolder();
        let spool = await openSpool({ folder, maxBytes: 4096, whenFull: 'refuse-newest' });
        let waiting: string[] = [];
        let taken: { readonly index: number; readonly text: string }[] = [];
        let count = 0;
        for (const { kind, n } of commands) {
          if (kind === 'append')
            for (let each = 0; each < n && waiting.length + taken.length < 40; each++) {
              waiting.push(`{"n":${count}}`);
              spool.append(`{"n":${count++}}`);
            }
          if (kind === 'take') {
            const records = spool.take(n);
            expect(records.map((record) => record.text)).toEqual(waiting.splice(0, n));
            taken.push(...records);
          }
          if (kind === 'acknowledge') {
            // Every third, so that gaps come about.
            const done = taken.filter((_, place) => place < n && place % 3 !== 1);
            spool.acknowledge(done.map(({ index }) => index));
            taken = taken.filter((record) => !done.includes(record));
          }
          if (kind === 'reopen') {
            await close(spool);
            spool = await openSpool({ folder, maxBytes: 4096, whenFull: 'refuse-newest' });
            // Only up to the first gap is written down: what is behind it may come again.
            const all = takeTexts(spool);
            const expected = [...taken.map((record) => record.text), ...waiting];
            expect(all.filter((each) => expected.includes(each))).toEqual(expected);
            expect(all.length).toBe(spool.stats.pending);
            spool.rewind();
            waiting = all;
            taken = [];
          }
          if (kind === 'rewind') {
            spool.rewind();
            waiting = [...taken.map((record) => record.text), ...waiting];
            taken = [];
          }
          expect(spool.stats.pending).toBe(waiting.length + taken.length);
        }
        await close(spool);
      }),
      { numRuns: 60 },
    );
  });
});

describe('a spool after a crash', () => {
  /** A spool of three files, and what is in it. */
  async function written(): Promise<{ folder: string; texts: string[] }> {
    const folder = newFolder();
    const spool = await openSpool({ folder, maxBytes: 4096 });
    const texts = fill(spool, 0, 60);
    await close(spool);
    expect(segmentsOf(folder).length).toBeGreaterThanOrEqual(3);
    return { folder, texts };
  }

  test('cut at any byte, holds every record that was whole, and takes new ones', async () => {
    const { folder, texts } = await written();
    const last = segmentsOf(folder).at(-1)!;
    const bytes = readFileSync(last);
    const before = texts.length - String(bytes).trimEnd().split('\n').length;
    for (let length = 0; length <= bytes.length; length++) {
      writeFileSync(last, bytes);
      truncateSync(last, length);
      const whole = before + bytes.subarray(0, length).filter((byte) => byte === 0x0a).length;
      const spool = await openSpool({ folder, maxBytes: 4096 });
      const isTorn = length > 0 && bytes[length - 1] !== 0x0a;
      expect(spool.stats).toMatchObject({ pending: whole, damaged: 0 });
      expect(spool.stats.tornBytes > 0).toBe(isTorn);
      spool.append('new');
      expect(takeTexts(spool)).toEqual([...texts.slice(0, whole), 'new']);
      await close(spool);
    }
  });

  test('with any bit flipped, loses at most the records it is in, says so, and keeps the bytes', async () => {
    const { folder, texts } = await written();
    const paths = segmentsOf(folder);
    const originals = paths.map((path) => readFileSync(path));
    await fc.assert(
      fc.asyncProperty(fc.nat(paths.length - 1), fc.nat(), fc.nat(7), async (file, place, bit) => {
        for (const [index, path] of paths.entries()) writeFileSync(path, originals[index]!);
        const bytes = Buffer.from(originals[file]!);
        const at = place % bytes.length;
        bytes[at]! ^= 1 << bit;
        writeFileSync(paths[file]!, bytes);
        const spool = await openSpool({ folder, maxBytes: 4096 });
        const left = takeTexts(spool);
        expect(texts.filter((each) => left.includes(each))).toEqual(left);
        // A line end that is gone joins two records.
        expect(left.length).toBeGreaterThanOrEqual(texts.length - 2);
        expect(spool.stats.damaged + spool.stats.tornBytes).toBeGreaterThan(0);
        await close(spool);
      }),
      { numRuns: 300 },
    );
    expect(statSync(join(folder, 'damaged')).size).toBeGreaterThan(0);
  });

  test('with zeros at its end, as some file systems leave them, goes on', async () => {
    const { folder, texts } = await written();
    appendFileSync(segmentsOf(folder).at(-1)!, Buffer.alloc(512));
    const spool = await openSpool({ folder, maxBytes: 4096 });
    expect(takeTexts(spool)).toEqual(texts);
    expect(spool.stats.tornBytes).toBe(512);
  });

  test('without its mark, or with a broken one, gives everything again', async () => {
    const folder = newFolder();
    const spool = await openSpool({ folder });
    const texts = fill(spool, 0, 10);
    spool.acknowledge(spool.take(4).map(({ index }) => index));
    await close(spool);
    writeFileSync(join(folder, 'acknowledged'), 'x');
    expect(takeTexts(await openSpool({ folder }))).toEqual(texts);
  });
});

/** Appends as fast as it can, and says after each record that it is kept. */
const APPENDING = `
  import { writeSync } from 'node:fs';
  import { Spool } from ${JSON.stringify(new URL('./spool.ts', import.meta.url).href)};
  const spool = await Spool.open({ folder: process.argv[1], maxBytes: Number(process.argv[2]), whenFull: process.argv[3] });
  try {
    for (let n = Number(process.argv[4]); n !== 20_000; n++) {
      spool.append(JSON.stringify({ n, filling: 'x'.repeat(n % 200) }));
      writeSync(1, n + '\\n');
    }
    await spool.close();
  } catch (error) {
    writeSync(2, error.name + ': ' + error.message);
  }
`;

describe('a spool of a process', () => {
  test('that is killed with -9 again and again holds every record it said it kept', async () => {
    const folder = newFolder();
    let kept = 0;
    for (let kill = 0; kill < 5; kill++) {
      const args = [
        '--input-type=module-typescript',
        '-e',
        APPENDING,
        '--',
        folder,
        '1e8',
        'drop-oldest',
        String(kept),
      ];
      const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
      const said = text(child.stdout);
      await new Promise((resolve) => child.stdout.once('data', resolve));
      await new Promise((resolve) => setTimeout(resolve, 20 + kill * 17));
      child.kill('SIGKILL');
      const lines = (await said).trimEnd().split('\n');
      kept = Number(lines.at(-1)) + 1;
      const spool = await openSpool({ folder, maxBytes: 1e8 });
      const numbers = takeTexts(spool).map((each) => (JSON.parse(each) as { n: number }).n);
      // One more may be there, of which it could not speak any more.
      expect([kept, kept + 1]).toContain(numbers.length);
      expect(numbers).toEqual(numbers.map((_, index) => index));
      kept = numbers.length;
      await close(spool);
    }
    expect(kept).toBeGreaterThan(100);
  });

  test.each(['drop-oldest', 'refuse-newest'])(
    'whose disk is full keeps no half record, %s',
    async (whenFull) => {
      const folder = newFolder();
      const mount = `mount -t tmpfs -o size=1m tmpfs "${folder}"`;
      const node = `"${process.execPath}" --input-type=module-typescript -e "$0" -- "${folder}" 1e7 ${whenFull} 0`;
      const after = `cat "${folder}"/*.spool | sha256sum; tail -qc1 "${folder}"/*.spool | od -An -c`;
      const script = `${mount} || exit 77; ${node} >"/tmp/$$.out"; tail -1 "/tmp/$$.out"; rm "/tmp/$$.out"; ${after}`;
      const child = spawn('unshare', ['-rm', 'sh', '-c', script, APPENDING], {
        stdio: ['ignore', 'pipe', 'pipe'],
      });
      const [stdout, stderr, code] = await Promise.all([
        text(child.stdout),
        text(child.stderr),
        new Promise<number>((resolve) => {
          child.once('close', resolve);
          child.once('error', () => resolve(77));
        }),
      ]);
      if (code === 77 && process.env.CI !== 'true') {
        console.warn(`Left out: a full disk. A tmpfs cannot be mounted here (${stderr.trim()})`);
        return;
      }
      const [lastKept = '', , ends = ''] = stdout.split('\n');
      expect(Number(lastKept)).toBeGreaterThan(100);
      expect(ends.replaceAll(/\s+/g, '')).toMatch(/^(\\n)+$/);
      if (whenFull === 'refuse-newest')
        expect(stderr).toMatch(/^SpoolFullError: Cannot spool a reading: the disk is full \(ENOSPC/);
      else expect({ stderr, lastKept }).toEqual({ stderr: '', lastKept: '19999' });
    },
  );
});
