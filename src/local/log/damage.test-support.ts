import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/**
 * Flips a bit of what lies behind each place where `text` is in a closed log, older copies of a page included.
 * @param bytesBehind how far behind the end of the text
 */
export function damageBehind(logFolder: string, text: string, bytesBehind = 0): void {
  const file = join(logFolder, 'log.mdb');
  const bytes = readFileSync(file);
  let times = 0;
  for (let at = bytes.indexOf(text); at >= 0; at = bytes.indexOf(text, at + 1), times += 1) {
    const place = at + text.length + bytesBehind;
    bytes[place] = bytes[place]! ^ 0x10;
  }
  if (times === 0) throw new Error(`'${text}' is not in the log`);
  writeFileSync(file, bytes);
}
