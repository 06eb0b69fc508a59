import { describe, expect, it } from 'vitest';
import { parseTraceReport } from './trace.ts';

describe('the answer of /v1/trace', () => {
  it('is read with its steps, times and identities', () => {
    const step = {
      kind: 'record',
      state: 'passed',
      text: 'stream s',
      atMillis: 5,
      data: { eventId: 'd/b/1' },
    };
    const message = {
      topic: 't',
      receivedMillis: 4,
      payload: '{}',
      payloadBytes: 2,
      state: 'waiting',
      summary: 's',
    };
    const body = {
      nowMillis: 9,
      messages: [{ ...message, steps: [{ state: 'passed', text: 'r', steps: [step] }] }],
    };
    const [read] = parseTraceReport(JSON.parse(JSON.stringify(body))).messages;
    expect(read).toMatchObject(message);
    expect(read!.steps[0]!.steps).toEqual([
      { state: 'passed', text: 'stream s', atMillis: 5, eventId: 'd/b/1', steps: [] },
    ]);
    expect(read!.steps[0]).toMatchObject({ atMillis: Number.NaN, eventId: '' });
  });

  it.each([undefined, null, 'text', [], {}, { messages: 'none' }, { messages: [null, 5] }])(
    'is empty for %j',
    (body) => {
      expect(parseTraceReport(body)).toEqual({ messages: [], message: '' });
    },
  );

  it('takes an unknown state for one that nobody followed, and ends where steps go too deep', () => {
    let step: object = { state: 'elsewhere', text: 'deepest' };
    for (let depth = 0; depth < 1000; depth += 1) step = { state: 'passed', text: `${depth}`, steps: [step] };
    const { messages } = parseTraceReport({ messages: [{ state: 'elsewhere', steps: [step] }] });
    expect(messages[0]!.state).toBe('skipped');
    let depth = 0;
    for (let at = messages[0]!.steps[0]; at; at = at.steps[0]) depth += 1;
    expect(depth).toBe(20);
  });
});
