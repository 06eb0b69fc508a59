import { appendFileSync, mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Manifest } from './manifest.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'mesonet-manifest-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

const file = () => join(folder, 'manifest.jsonl');

describe('a manifest', () => {
  it('is read back with the last state of each device, whatever its name', async () => {
    const manifest = await Manifest.open(folder, 'here');
    for (const thingName of ['a', '__proto__', 'constructor'])
      manifest.note({ thingName, certificateId: '1', state: 'certified' });
    manifest.note({ thingName: 'a', certificateId: '2', state: 'done' });
    await manifest.close();
    const read = Manifest.read(folder)!;
    expect(read.entries.map(({ thingName }) => thingName)).toEqual(['a', '__proto__', 'constructor']);
    expect(read.get('a')).toMatchObject({ certificateId: '2', state: 'done' });
    expect(read.get('toString')).toBeUndefined();
    expect(statSync(file()).mode & 0o777).toBe(0o600);
  });

  it('leaves out half a line at its end, and writes on where that began', async () => {
    const manifest = await Manifest.open(folder, 'here');
    manifest.note({ thingName: 'a', certificateId: '1', state: 'done' });
    await manifest.close();
    appendFileSync(file(), '{"thingName":"b","cert');
    const again = await Manifest.open(folder, 'here');
    again.note({ thingName: 'c', certificateId: '3', state: 'done' });
    await again.close();
    expect(Manifest.read(folder)!.entries.map(({ thingName }) => thingName)).toEqual(['a', 'c']);
    expect(readFileSync(file(), 'utf8')).not.toContain('"b"');
  });

  it('knows since when a run was cut off, until one ends', async () => {
    const first = await Manifest.open(folder, 'here');
    expect(first.cutOffSinceMillis).toBeUndefined();
    first.beginRun();
    await first.close();
    const second = await Manifest.open(folder, 'here');
    expect(second.cutOffSinceMillis).toBeGreaterThan(0);
    second.beginRun();
    second.endRun();
    await second.close();
    expect(Manifest.read(folder)!.cutOffSinceMillis).toBeUndefined();
  });

  it('belongs to one process at a time, and to one registry', async () => {
    const manifest = await Manifest.open(folder, 'here');
    await expect(Manifest.open(folder, 'here')).rejects.toThrow('another process is doing so');
    await manifest.close();
    await expect(Manifest.open(folder, 'there')).rejects.toThrow('it holds devices of here, not of there');
  });
});
