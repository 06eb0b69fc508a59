import { appendFile, mkdir, rename, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { pathOfKey } from '../../s3/s3-key-path.ts';

/** One event of a log group (CloudWatch Logs API reference, InputLogEvent). */
export interface LogEvent {
  readonly timestamp: number;
  readonly message: string;
}

const MAX_FILE_BYTES = 64 * 1024 * 1024;

/**
 * CloudWatch log groups as files of JSON lines, `<folder>/<group>.log`. One that has grown to 64 MB is set aside as
 * `<group>.log.1`, in place of the one set aside before.
 */
export class LogGroups {
  readonly #folder: string;

  constructor(folder: string) {
    this.#folder = folder;
  }

  /** Resolves when the operating system has the events. */
  async append(logGroupName: string, events: readonly LogEvent[]): Promise<void> {
    const file = this.fileOf(logGroupName);
    await mkdir(dirname(file), { recursive: true });
    const size = await stat(file).then(
      (found) => found.size,
      () => 0,
    );
    if (size > MAX_FILE_BYTES) await rename(file, `${file}.1`);
    await appendFile(file, events.map((event) => `${JSON.stringify(event)}\n`).join(''));
  }

  /** Where the events of a group are; no name leads out of the folder. */
  fileOf(logGroupName: string): string {
    return join(this.#folder, `${pathOfKey(logGroupName.replace(/^\//, ''))}.log`);
  }
}
