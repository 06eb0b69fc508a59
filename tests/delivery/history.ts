import { closeSync, createWriteStream, openSync, readSync, type WriteStream } from 'node:fs';
import { StringDecoder } from 'node:string_decoder';

/** What a client tried to have accepted. */
export interface Event {
  /** `device/boot/sequence`, as the readings carry it. */
  readonly id: string;
  /** A publish, a body with some, or a packed publish with some. */
  readonly via: 'mqtt' | 'http' | 'packed';
  /** Where it has to end: a table, the clause of a rule, or the objects of what can never be stored. */
  readonly end: 'stored' | 'filtered' | 'rejected';
  readonly sensor: string;
  readonly value: number;
  /** Of the measurement, milliseconds since the epoch. */
  readonly timeMillis: number;
}

/** One line of a history. An attempt that was cut is `unknown`: it may have been accepted, and may be made again. */
export type HistoryLine =
  | ({ readonly type: 'invoke'; readonly atMillis: number } & Event)
  | { readonly type: 'ok' | 'fail' | 'unknown'; readonly id: string; readonly atMillis: number };

/** What clients did, added up. */
export interface History {
  readonly events: ReadonlyMap<string, Event>;
  /** Events that were acknowledged. */
  readonly accepted: ReadonlySet<string>;
  /** Attempts by event; more than one where it was made again. */
  readonly attempts: ReadonlyMap<string, number>;
}

/** Reads files of JSON lines; a last line that was cut is no line. @throws SyntaxError for any other that is not JSON */
export function readHistory(files: readonly string[]): History {
  return collectHistory(linesOf(files));
}

export function collectHistory(lines: Iterable<HistoryLine>): History {
  const events = new Map<string, Event>();
  const accepted = new Set<string>();
  const attempts = new Map<string, number>();
  for (const line of lines) {
    if (line.type === 'invoke') {
      events.set(line.id, line);
      attempts.set(line.id, (attempts.get(line.id) ?? 0) + 1);
    } else if (line.type === 'ok') accepted.add(line.id);
  }
  return { events, accepted, attempts };
}

/** One after the other: a minute of overload has more than one text can hold. */
function* linesOf(files: readonly string[]): Generator<HistoryLine> {
  for (const file of files)
    for (const line of wholeLinesOf(file)) if (line !== '') yield JSON.parse(line) as HistoryLine;
}

function* wholeLinesOf(file: string): Generator<string> {
  const descriptor = openSync(file, 'r');
  const chunk = Buffer.alloc(CHUNK_BYTES);
  const decoder = new StringDecoder('utf8');
  let rest = '';
  try {
    for (let length = readSync(descriptor, chunk); length > 0; length = readSync(descriptor, chunk)) {
      const lines = (rest + decoder.write(chunk.subarray(0, length))).split('\n');
      rest = lines.pop()!;
      yield* lines;
    }
  } finally {
    closeSync(descriptor);
  }
}

const CHUNK_BYTES = 1024 * 1024;

/** Writes a history while it happens, and keeps what of it a quick look at a restarted process needs. */
export class HistoryWriter {
  readonly #stream: WriteStream;
  /** Acknowledged since the last look, with what each says. */
  #fresh: Event[] = [];
  invoked = 0;
  accepted = 0;
  unknown = 0;

  constructor(file: string) {
    this.#stream = createWriteStream(file, { flags: 'a' });
  }

  invoke(event: Event): void {
    this.invoked += 1;
    this.#write({ type: 'invoke', atMillis: Date.now(), ...event });
  }

  end(event: Event, type: 'ok' | 'fail' | 'unknown'): void {
    if (type === 'ok') {
      this.accepted += 1;
      this.#fresh.push(event);
    } else if (type === 'unknown') this.unknown += 1;
    this.#write({ type, id: event.id, atMillis: Date.now() });
  }

  /** What was acknowledged since the last call. */
  takeAccepted(): Event[] {
    return this.#fresh.splice(0);
  }

  close(): Promise<void> {
    return new Promise((resolve) => this.#stream.end(() => resolve()));
  }

  #write(line: HistoryLine): void {
    this.#stream.write(`${JSON.stringify(line)}\n`);
  }
}
