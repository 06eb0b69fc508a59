import type { Server } from 'node:http';
import { createRequire } from 'node:module';
import type { AddressInfo } from 'node:net';
import { parentPort, workerData } from 'node:worker_threads';
import { armFailpoints, failpoint } from '../failpoint.ts';
import type { Durability } from '../log/durable-log.ts';
import { closeIterators, type IterableDatabase } from './close-iterators.ts';
import { TablesHealth } from './tables-health.ts';

/** What the thread that keeps the tables is told when it starts. */
export interface DynamodbWorkerData {
  /** Address of a module beside whose node_modules dynalite lies; the compiled thread lies elsewhere. */
  readonly resolveFrom: string;
  /** Folder of the tables; undefined keeps them in memory. */
  readonly folder: string | undefined;
  readonly durability: Durability;
  readonly port: number;
  readonly region: string;
  readonly accountId: string;
}

export type DynamodbWorkerMessage =
  | { readonly type: 'listening'; readonly port: number }
  | { readonly type: 'failed'; readonly message: string };

interface WriteOptions {
  readonly sync?: boolean;
}

interface LevelDatabase extends IterableDatabase {
  open(): Promise<void>;
  close(): Promise<void>;
  iterator(range: object): AsyncIterable<[string, TableRecord]>;
  clear(range: object): Promise<void>;
  put(key: string, value: unknown, options?: WriteOptions): Promise<void>;
  del(key: string): Promise<void>;
  batch(operations: readonly object[]): Promise<void>;
}

interface TableRecord {
  TableName: string;
  TableStatus: string;
  GlobalSecondaryIndexes?: { IndexStatus: string }[];
}

type LevelClass = new (folder: string, options: object) => LevelDatabase;
type Dynalite = (options: object) => Server;

const options = workerData as DynamodbWorkerData;
const requireBeside = createRequire(options.resolveFrom);
const dynalite = requireBeside('dynalite') as Dynalite;
const { Level } = createRequire(requireBeside.resolve('dynalite'))('level') as { Level: LevelClass };

/** Not a table, item, index or tag key, so that no operation ever sees it. */
const BARRIER_KEY = '!durable';

/** Where dynalite keeps the tables themselves. */
const TABLE_KEYS = { gte: 'table~', lt: 'table\x7f' } as const;

/** dynalite throws what a request's socket reports; a client that hangs up is no reason to end. */
process.on('uncaughtException', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'ECONNRESET') throw error;
});

await start();

async function start(): Promise<void> {
  armFailpoints(process.env.FAILPOINTS);
  process.env.AWS_REGION = options.region;
  process.env.AWS_ACCOUNT_ID = options.accountId;
  try {
    if (options.folder !== undefined) await settleTables(options.folder);
    failWrites(Level.prototype as LevelDatabase, new TablesHealth(options.folder));
    if (options.durability === 'power') writeThroughToDisk(Level.prototype as LevelDatabase);
    closeIterators(Level.prototype as LevelDatabase);
    const server = dynalite({ path: options.folder, createTableMs: 0, updateTableMs: 0, deleteTableMs: 0 });
    server.once('error', (error) => report({ type: 'failed', message: error.message }));
    server.listen(options.port, '127.0.0.1', () => {
      report({ type: 'listening', port: (server.address() as AddressInfo).port });
    });
    parentPort?.once('message', () => {
      server.close(() => process.exit(0));
      server.closeAllConnections();
    });
  } catch (error) {
    const { message, cause } = error as Error & { cause?: Error };
    report({ type: 'failed', message: cause?.message ?? message });
  }
}

function report(message: DynamodbWorkerMessage): void {
  parentPort?.postMessage(message);
}

/** A killed process may leave a table between two states, and dynalite would leave it there for ever. */
async function settleTables(folder: string): Promise<void> {
  const database = new Level(folder, { valueEncoding: 'json' });
  await database.open();
  for await (const [key, table] of database.iterator(TABLE_KEYS)) {
    if (table.TableStatus === 'DELETING') await removeTable(database, key, table.TableName);
    else if (table.TableStatus !== 'ACTIVE') await database.put(key, active(table));
  }
  await database.close();
}

async function removeTable(database: LevelDatabase, key: string, name: string): Promise<void> {
  for (const prefix of [`item-${name}~`, `index-global~${name}~`, `index-local~${name}~`]) {
    await database.clear({ gte: prefix, lt: `${prefix}\uffff` });
  }
  await database.del(key);
}

function active(table: TableRecord): TableRecord {
  const indexes = table.GlobalSecondaryIndexes?.map((index) => ({ ...index, IndexStatus: 'ACTIVE' }));
  return { ...table, TableStatus: 'ACTIVE', ...(indexes && { GlobalSecondaryIndexes: indexes }) };
}

/** dynalite answers what a write throws with an InternalServerError, which the SDK tries again. */
function failWrites(prototype: LevelDatabase, health: TablesHealth): void {
  for (const method of ['put', 'del', 'batch'] as const) {
    const write = prototype[method] as (...args: unknown[]) => Promise<void>;
    Object.assign(prototype, {
      async [method](this: LevelDatabase, ...args: unknown[]): Promise<void> {
        const isTable = makesTable(args);
        if (isTable) failpoint('table.beforeCreate');
        else failpoint('store.beforeCommit');
        await health.write(() => write.apply(this, args));
        if (isTable) failpoint('table.afterCreateBeforeAnswer');
        else failpoint('store.afterCommitBeforeAnswer');
      },
    });
  }
}

/** Tables are rare among writes, so they have failpoints of their own. */
function makesTable([key, value]: readonly unknown[]): boolean {
  const isTable = typeof key === 'string' && key.startsWith(TABLE_KEYS.gte);
  return isTable && (value as TableRecord | undefined)?.TableStatus === 'CREATING';
}

/**
 * LevelDB hands a write to the operating system and answers. A synchronous write puts everything written before it on
 * the disk too, so each write waits for the next synchronous one, and all that wait share it.
 */
function writeThroughToDisk(prototype: LevelDatabase): void {
  const original = prototype.put;
  const barriers = new WeakMap<object, () => Promise<void>>();
  const barrierOf = (database: LevelDatabase): (() => Promise<void>) => {
    const known = barriers.get(database);
    if (known) return known;
    const barrier = shared(() => original.call(database, BARRIER_KEY, 0, { sync: true }));
    barriers.set(database, barrier);
    return barrier;
  };
  for (const method of ['put', 'del', 'batch'] as const) {
    const write = prototype[method] as (...args: unknown[]) => Promise<void>;
    Object.assign(prototype, {
      async [method](this: LevelDatabase, ...args: unknown[]): Promise<void> {
        await write.apply(this, args);
        await barrierOf(this)();
      },
    });
  }
}

/** Calls made while one run is under way share the next run. */
function shared(run: () => Promise<void>): () => Promise<void> {
  let current: Promise<void> = Promise.resolve();
  let next: Promise<void> | undefined;
  return () => {
    next ??= current.then(() => {
      current = next!;
      next = undefined;
      return run();
    });
    return next;
  };
}
