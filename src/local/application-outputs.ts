import type { ApplicationResource } from '../stack/stack.ts';
import type { OutputMeta, OutputRow } from '../streaming-sql/engine/index.ts';
import type { LedgerStage } from './ledger.ts';
import { LocalError } from './local-error.ts';
import type { KinesisStream } from './log/kinesis-stream.ts';

interface HeldRow {
  readonly target: KinesisStream;
  readonly key: string;
  readonly record: string;
}

/** The rows an application has made since its last checkpoint: a state of many keys is not written for each of them. */
export class ApplicationOutputs {
  readonly #outputs: ReadonlyMap<string, { readonly target: KinesisStream; readonly partitionKey: string }>;
  readonly #stage: LedgerStage;
  #rows: HeldRow[] = [];

  /** @throws LocalError when the stack has no such stream */
  constructor(
    { name, outputs }: ApplicationResource,
    streams: ReadonlyMap<string, KinesisStream>,
    stage: LedgerStage,
  ) {
    this.#stage = stage;
    this.#outputs = new Map(
      outputs.map(({ from, stream, partitionKey }) => [
        from,
        { target: streamOf(streams, stream, name), partitionKey },
      ]),
    );
  }

  /** Rows that wait for the next checkpoint. */
  get held(): number {
    return this.#rows.length;
  }

  /** Takes a row of a stream of the SQL. A correction says which one it is; a first result is exactly the row. */
  take(from: string, row: OutputRow, { revision }: OutputMeta): void {
    this.#stage.in(1);
    this.#stage.out(1);
    const output = this.#outputs.get(from);
    if (!output) return;
    const key = String(row[output.partitionKey] ?? '');
    const record = JSON.stringify(revision > 1 ? { ...row, revision } : row);
    this.#rows.push({ target: output.target, key, record });
  }

  /** Appends what is held to its streams, into the commit now gathering. */
  append(): void {
    for (const { target, key, record } of this.#rows) target.append(key, record);
    this.#rows = [];
  }
}

/** @throws LocalError */
export function streamOf(
  streams: ReadonlyMap<string, KinesisStream>,
  name: string,
  application: string,
): KinesisStream {
  const stream = streams.get(name);
  if (!stream)
    throw new LocalError(`Cannot start application '${application}': stream '${name}' is not in the stack`);
  return stream;
}
