import type { DurableLog } from '../../src/local/log/durable-log.ts';
import type { SimulatedAws } from './simulated-aws.ts';
import type { Sabotage } from './world-options.ts';

/**
 * Builds a mistake into a process's log or its way to the services, so that a test can see the simulation find it:
 * - `ack-before-commit`: what is buffered counts as durable;
 * - `checkpoint-before-output`: an application's checkpoint is kept one commit before the rows that belong to it;
 * - `checkpoint-before-handler`: a mapping passes records that its function has only just been given;
 * - `skip-state`: an application's state is kept only every other time;
 * - `checkpoint-before-object`: a delivery stream's checkpoint does not wait for its object;
 * - `archive-not-awaited`: the function does not wait for the objects of its batch;
 * - `skip-window-state`: the state of an open tumbling window is kept only every other time;
 * - `settle-before-delivery`: the queue of an action passes the delivery behind the one that is settled.
 */
export function sabotaged(log: DurableLog, aws: SimulatedAws, sabotage: Sabotage | undefined): DurableLog {
  const mistake = sabotage && MISTAKES[sabotage];
  mistake?.(log, aws);
  return log;
}

const MISTAKES: Readonly<Record<Sabotage, (log: DurableLog, aws: SimulatedAws) => void>> = {
  'ack-before-commit': (log) => {
    log.whenDurable = (callback) => callback();
  },
  'checkpoint-before-output': (log) => {
    const enlist = log.enlist.bind(log);
    log.enlist = (participant) => log.whenDurable((error) => error ?? enlist(participant));
  },
  'checkpoint-before-handler': (log) => passOneMore(log, 'esm/'),
  'settle-before-delivery': (log) => passOneMore(log, 'action/'),
  'skip-state': (log) => skipEveryOther(log, (key) => key.startsWith('application/')),
  'skip-window-state': (log) =>
    skipEveryOther(log, (key, value) => key.endsWith('/window') && value.toString() !== 'null'),
  'checkpoint-before-object': (_, aws) => {
    const put = aws.putFile.bind(aws);
    aws.putFile = async (...object) => void put(...object).catch(() => undefined);
  },
  'archive-not-awaited': (_, aws) => {
    const call = aws.call.bind(aws);
    aws.call = async (operation, input) => {
      if (operation !== 'PutObject') return call(operation, input);
      call(operation, input).catch(() => undefined);
      return {};
    };
  },
};

function skipEveryOther(log: DurableLog, isMeant: (key: string, value: Buffer) => boolean): void {
  const write = log.writeState.bind(log);
  let turn = 0;
  log.writeState = (key, value) => {
    const isOne = isMeant(key, Buffer.from(value));
    if (isOne) turn += 1;
    if (turn % 2 === 0 || !isOne) write(key, value);
  };
}

function passOneMore(log: DurableLog, prefix: string): void {
  const write = log.writeState.bind(log);
  log.writeState = (key, value) => {
    if (!key.startsWith(prefix)) return write(key, value);
    const text = Buffer.from(value).toString();
    write(key, Buffer.from(text.slice(0, -16) + String(Number(text.slice(-16)) + 1).padStart(16, '0')));
  };
}
