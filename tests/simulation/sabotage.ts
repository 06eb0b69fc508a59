import type { DurableLog } from '../../src/local/log/durable-log.ts';
import type { Sabotage } from './world-options.ts';

/**
 * Builds a mistake into a log, so that a test can see the simulation find it:
 * - `ack-before-commit`: what is buffered counts as durable;
 * - `checkpoint-before-output`: an application's checkpoint is kept one commit before the rows that belong to it;
 * - `checkpoint-before-handler`: a mapping passes records that its function has only just been given;
 * - `skip-state`: an application's state is kept only every other time.
 */
export function sabotaged(log: DurableLog, sabotage: Sabotage | undefined): DurableLog {
  const mistake = sabotage && MISTAKES[sabotage];
  mistake?.(log);
  return log;
}

const MISTAKES: Readonly<Record<Sabotage, (log: DurableLog) => void>> = {
  'ack-before-commit': (log) => {
    log.whenDurable = (callback) => callback();
  },
  'checkpoint-before-output': (log) => {
    const enlist = log.enlist.bind(log);
    log.enlist = (participant) => log.whenDurable((error) => error ?? enlist(participant));
  },
  'checkpoint-before-handler': (log) => {
    const write = log.writeState.bind(log);
    log.writeState = (key, value) => {
      if (!key.startsWith('esm/')) return write(key, value);
      const text = Buffer.from(value).toString();
      write(key, Buffer.from(text.slice(0, -16) + String(Number(text.slice(-16)) + 1).padStart(16, '0')));
    };
  },
  'skip-state': (log) => {
    const write = log.writeState.bind(log);
    let turn = 0;
    log.writeState = (key, value) => {
      if (key.startsWith('application/')) turn += 1;
      if (turn % 2 === 0 || !key.startsWith('application/')) write(key, value);
    };
  },
};
