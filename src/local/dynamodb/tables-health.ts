import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** What LevelDB may write while it opens: the memory table that its log holds, and lists of files. */
const ROOM_BYTES = 6 * 1024 * 1024;

/**
 * After a write that failed in the middle (the disk is full) LevelDB takes more, but loses it with the next start: what
 * it reads of its log ends at the half record. So no write is taken until the tables have been opened again, and they are when there
 * is room for it. What was written is read all the while.
 */
export class TablesHealth {
  readonly #folder: string | undefined;
  #failure: Error | undefined;

  /** @param folder of the tables; undefined when they are in memory, and cannot fail */
  constructor(folder: string | undefined) {
    this.#folder = folder;
  }

  /** @throws Error of this write, or of the one that failed */
  async write(carryOut: () => Promise<void>): Promise<void> {
    if (this.#failure) this.#refuse(this.#failure);
    try {
      await carryOut();
    } catch (error) {
      if (this.#folder !== undefined) this.#failure ??= error as Error;
      throw error;
    }
  }

  #refuse(failure: Error): never {
    if (this.#hasRoom())
      setImmediate(() => {
        throw new Error(`The tables are opened again after a write that failed: ${failure.message}`);
      });
    throw failure;
  }

  #hasRoom(): boolean {
    const file = join(this.#folder!, '..', 'room');
    try {
      writeFileSync(file, new Uint8Array(ROOM_BYTES));
      return true;
    } catch {
      return false;
    } finally {
      rmSync(file, { force: true });
    }
  }
}
