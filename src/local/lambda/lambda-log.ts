import { appendFile, mkdir, rename, stat } from 'node:fs/promises';
import { dirname } from 'node:path';

const MAX_LINES = 200;
const MAX_LINE_LENGTH = 8192;
const MAX_FILE_BYTES = 4 * 1024 * 1024;
const MAX_WAITING_BYTES = 1024 * 1024;

/**
 * What one function printed: its last lines in memory, all of them in a file that is set aside as `<file>.1` when it has
 * grown to 4 MB. Logging never holds up an invocation: when the disk does not keep up, lines are left out of the file and counted.
 */
export class LambdaLog {
  readonly #file: string;
  readonly #onLine: (line: string) => void;
  readonly #lines: string[] = [];
  readonly #partial = { stdout: '', stderr: '' };
  #waiting: string[] = [];
  #waitingBytes = 0;
  #fileBytes: number | undefined;
  #writing: Promise<void> | undefined;
  /** Lines that are not in the file: the disk did not keep up, or the file cannot be written. */
  droppedLines = 0;

  constructor(file: string, onLine: (line: string) => void) {
    this.#file = file;
    this.#onLine = onLine;
  }

  /** The last lines, oldest first. */
  get lines(): readonly string[] {
    return this.#lines;
  }

  /** Text as it was printed; lines are put together from it. */
  write(stream: 'stdout' | 'stderr', text: string): void {
    const parts = (this.#partial[stream] + text).split('\n');
    this.#partial[stream] = parts.pop() ?? '';
    for (const line of parts) this.line(line);
  }

  line(line: string): void {
    if (line === '') return;
    this.#lines.push(line.length > MAX_LINE_LENGTH ? `${line.slice(0, MAX_LINE_LENGTH)}…` : line);
    if (this.#lines.length > MAX_LINES) this.#lines.shift();
    this.#onLine(line);
    this.#toFile(`${line}\n`);
  }

  /** Resolves when everything written so far is in the file. */
  async flush(): Promise<void> {
    for (const stream of ['stdout', 'stderr'] as const) {
      if (this.#partial[stream]) this.write(stream, '\n');
    }
    while (this.#writing) await this.#writing;
  }

  #toFile(text: string): void {
    if (this.#waitingBytes > MAX_WAITING_BYTES) {
      this.droppedLines += 1;
      return;
    }
    this.#waiting.push(text);
    this.#waitingBytes += Buffer.byteLength(text);
    this.#writing ??= this.#drain().finally(() => {
      this.#writing = undefined;
    });
  }

  async #drain(): Promise<void> {
    while (this.#waiting.length > 0) {
      const lines = this.#waiting;
      const bytes = this.#waitingBytes;
      this.#waiting = [];
      this.#waitingBytes = 0;
      try {
        await this.#append(lines.join(''), bytes);
      } catch {
        this.droppedLines += lines.length;
      }
    }
  }

  async #append(text: string, bytes: number): Promise<void> {
    if (this.#fileBytes === undefined) {
      await mkdir(dirname(this.#file), { recursive: true });
      this.#fileBytes = await stat(this.#file).then(
        ({ size }) => size,
        () => 0,
      );
    }
    if (this.#fileBytes > 0 && this.#fileBytes + bytes > MAX_FILE_BYTES) {
      await rename(this.#file, `${this.#file}.1`);
      this.#fileBytes = 0;
    }
    await appendFile(this.#file, text);
    this.#fileBytes += bytes;
  }
}
