import { setTimeout as sleep } from 'node:timers/promises';
import type { MessageTrace } from '../../local/trace/trace-step.ts';
import { fetchTrace, TraceRequestError } from '../trace/fetch-trace.ts';
import { broken, type Finding, ok, skipped } from './finding.ts';

export interface ArrivalQuestion {
  /** The page of the running pipeline. */
  readonly url: string;
  readonly topic: string;
  /** Stands in the payload of the message that is looked for, and of no other. */
  readonly mark: string;
  readonly waitMillis: number;
}

const POLL_MILLIS = 250;
const MESSAGES = 5;

/** The trace of the running pipeline says that the message became a record. */
export async function checkArrival({ url, topic, mark, waitMillis }: ArrivalQuestion): Promise<Finding> {
  const deadline = performance.now() + waitMillis;
  for (;;) {
    let found: MessageTrace | undefined;
    try {
      const { messages } = await fetchTrace(url, { by: 'topic', value: topic }, MESSAGES);
      found = messages.find(({ payload }) => payload.includes(mark));
    } catch (error) {
      if (!(error instanceof TraceRequestError)) throw error;
      return skipped('arrival', `${error.message}; the broker has acknowledged the message`);
    }
    if (found && found.state !== 'waiting') return findingOf(found, topic);
    if (performance.now() >= deadline) return lateFinding(found, topic, waitMillis);
    await sleep(POLL_MILLIS);
  }
}

function findingOf({ state, summary }: MessageTrace, topic: string): Finding {
  if (state === 'stopped')
    return broken(
      'arrival',
      `the message stopped: ${summary}`,
      `"mesonet trace --topic '${topic}'" shows its whole way`,
    );
  return state === 'passed'
    ? ok('arrival', `the record has arrived: ${summary}`)
    : skipped('arrival', summary);
}

function lateFinding(found: MessageTrace | undefined, topic: string, waitMillis: number): Finding {
  const waited = `${waitMillis / 1000} s after its acknowledgement`;
  const trace = `"mesonet trace --topic '${topic}'"`;
  return found
    ? broken(
        'arrival',
        `the message is on its way ${waited}: ${found.summary}`,
        `look again with ${trace}; is a function failing?`,
      )
    : broken(
        'arrival',
        `the pipeline does not know the message ${waited}`,
        `is --trace-url the pipeline that the device talks to? ${trace}`,
      );
}
