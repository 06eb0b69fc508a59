import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { readHistory } from './history.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'mesonet-history-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

function write(name: string, text: string): string {
  const file = join(folder, name);
  writeFileSync(file, text);
  return file;
}

const lineOf = (type: 'invoke' | 'ok', id: string): string => `${JSON.stringify({ type, id })}\n`;

describe('the history of clients', () => {
  it('is every line of every file, whatever part of a file is read at once', () => {
    const ids = Array.from({ length: 30_000 }, (_, at) => `gerät/${'ü'.repeat(at % 40)}/${at}`);
    const first = write('a', ids.map((id) => lineOf('invoke', id)).join(''));
    const second = write(
      'b',
      [...ids, ids[7]!].map((id) => lineOf('ok', id) + lineOf('invoke', id)).join(''),
    );
    const { events, accepted, attempts } = readHistory([first, second]);
    expect([...events.keys()]).toEqual(ids);
    expect([...accepted]).toEqual(ids);
    expect([attempts.get(ids[6]!), attempts.get(ids[7]!)]).toEqual([2, 3]);
  });

  it('leaves out a last line that was cut, and refuses any other that is none', () => {
    const cut = write('cut', `${lineOf('invoke', 'one')}{"type":"ok","id":"o`);
    expect([...readHistory([cut]).events.keys()]).toEqual(['one']);
    expect(readHistory([cut]).accepted.size).toBe(0);
    const broken = write('broken', `{"type":"ok"\n${lineOf('invoke', 'one')}`);
    expect(() => readHistory([broken])).toThrow(SyntaxError);
  });
});
