/** An iterator of a level database. It pins a snapshot and native memory until it is closed. */
interface LevelIterator {
  close(): Promise<void>;
  return?: () => Promise<void>;
}

/** What opens iterators. */
export interface IterableDatabase {
  keys(range: object): LevelIterator;
  values(range: object): LevelIterator;
}

/**
 * dynalite ends its streams by calling `return()` on the iterator behind them, which level's iterators do not have, so
 * that none was ever closed: memory grew with every Query, and overwritten items stayed on the disk. This gives them one.
 */
export function closeIterators(database: IterableDatabase): void {
  for (const name of ['keys', 'values'] as const) {
    const open = database[name];
    database[name] = function (this: IterableDatabase, range: object) {
      const iterator = open.call(this, range);
      iterator.return = () => iterator.close();
      return iterator;
    };
  }
}
