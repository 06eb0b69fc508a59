import { LocalError } from './local-error.ts';

/** Where the process can be made to fail: each name is passed at the place that it says. docs/reliability.md has the table. */
export const FAILPOINT_NAMES = [
  'accept.beforeAppend',
  'accept.afterAppendBeforeAck',
  'accept.afterAck',
  'upload.beforeAppend',
  'upload.afterAppendBeforeAnswer',
  'log.beforeCommit',
  'log.midRecord',
  'log.beforeFsync',
  'log.afterFsync',
  'rule.eval',
  'rule.beforeAction',
  'stream.beforePut',
  'stream.partialPut',
  'consumer.beforeInvoke',
  'consumer.afterInvokeBeforeCheckpoint',
  'queue.afterHandleBeforeSettle',
  'window.beforeFlush',
  'window.afterStoreBeforeCheckpoint',
  'store.beforeCommit',
  'store.afterCommitBeforeAnswer',
  'table.beforeCreate',
  'table.afterCreateBeforeAnswer',
  'archive.midObject',
  'archive.beforeRename',
  'delivery.afterObjectBeforeCheckpoint',
  'dlq.beforeWrite',
] as const;

export type FailpointName = (typeof FAILPOINT_NAMES)[number];

/** What happens at a failpoint: at its nth pass, with a probability, or each time. */
export interface ArmedFailpoint {
  readonly action: 'kill' | 'throw' | 'delay';
  /** Of `delay`. */
  readonly millis: number;
  /** Only at this pass, the first is 1. */
  readonly pass: number | undefined;
  /** 0 to 1. */
  readonly probability: number;
}

/** What a failpoint throws that was armed with `throw`. */
export class FailpointError extends LocalError {
  override name = 'FailpointError';
}

const passes = new Map<FailpointName, number>();
let armed: ReadonlyMap<FailpointName, ArmedFailpoint> | undefined;

/** Passes a failpoint. Nothing happens unless it was armed: then the process dies as by `kill -9`, or this throws or takes a while. */
export function failpoint(name: FailpointName): void {
  if (armed !== undefined) fail(name, armed.get(name));
}

/**
 * Arms failpoints for this process, or none when there is no text.
 * @param text as the environment variable FAILPOINTS has it: `accept.afterAck=kill@3;store.beforeCommit=delay:50%0.1`
 * @throws LocalError that names what is wrong: a failpoint that does not exist must not pass for one that never failed
 */
export function armFailpoints(text: string | undefined): void {
  const parsed = parseFailpoints(text ?? '');
  passes.clear();
  armed = parsed.size > 0 ? parsed : undefined;
}

/** @throws LocalError */
export function parseFailpoints(text: string): ReadonlyMap<FailpointName, ArmedFailpoint> {
  const entries = text
    .split(';')
    .map((part) => part.trim())
    .filter((part) => part !== '');
  return new Map(entries.map(parseEntry));
}

const ENTRY =
  /^(?<name>[\w.]+)=(?<action>kill|throw|delay:(?<millis>\d{1,6}))(?:@(?<pass>[1-9]\d{0,8})|%(?<probability>0?\.\d+|[01]))?$/;

function parseEntry(entry: string): [FailpointName, ArmedFailpoint] {
  const { name, action, millis, pass, probability } = ENTRY.exec(entry)?.groups ?? {};
  if (name === undefined || action === undefined)
    throw new LocalError(
      `Cannot arm failpoint '${entry}': expected <name>=kill, =throw or =delay:<millis>, then @<nth pass> or %<probability>`,
    );
  if (!isFailpointName(name))
    throw new LocalError(
      `Cannot arm failpoint '${name}': there is none of that name, but ${FAILPOINT_NAMES.join(', ')}`,
    );
  const kind = action.startsWith('delay') ? 'delay' : (action as 'kill' | 'throw');
  return [
    name,
    {
      action: kind,
      millis: Number(millis ?? 0),
      pass: pass === undefined ? undefined : Number(pass),
      probability: probability === undefined ? 1 : Number(probability),
    },
  ];
}

function isFailpointName(name: string): name is FailpointName {
  return (FAILPOINT_NAMES as readonly string[]).includes(name);
}

function fail(name: FailpointName, point: ArmedFailpoint | undefined): void {
  if (!point) return;
  const pass = (passes.get(name) ?? 0) + 1;
  passes.set(name, pass);
  if (point.pass !== undefined && point.pass !== pass) return;
  if (point.probability < 1 && Math.random() >= point.probability) return;
  if (point.action === 'throw') throw new FailpointError(`Failed at failpoint '${name}', as it was armed to`);
  if (point.action === 'delay') holdUp(point.millis);
  else dieAt();
}

/** Nothing else of this thread runs meanwhile, as when the machine stalls. */
function holdUp(millis: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, millis);
}

/** Nothing that follows may run: the signal is on its way, and this thread waits for it. */
function dieAt(): void {
  process.kill(process.pid, 'SIGKILL');
  holdUp(10_000);
}
