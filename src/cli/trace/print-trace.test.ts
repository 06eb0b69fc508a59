import { describe, expect, it } from 'vitest';
import type { MessageTrace, TraceStep } from '../../local/trace/trace-step.ts';
import { printTrace } from './print-trace.ts';

const receivedMillis = Date.UTC(2026, 10, 21, 4, 5, 6, 789);
const accepted: TraceStep = {
  kind: 'broker',
  state: 'passed',
  text: 'accepted from client c',
  atMillis: receivedMillis,
};
const message: MessageTrace = {
  topic: 'weather/a/b/c/d/e',
  receivedMillis,
  clientId: 'c',
  payloadBytes: 3,
  payload: '{ }',
  payloadEncoding: 'text',
  state: 'stopped',
  summary: 'no rule matches the topic',
  steps: [accepted, { kind: 'rule', state: 'stopped', text: 'no rule matches the topic' }],
};

describe('a printed trace', () => {
  it('shows the way of a message with its marks, times and identity', () => {
    const record: TraceStep = {
      kind: 'record',
      state: 'passed',
      text: 'stream s',
      data: { eventId: 'd/b/1' },
      steps: [
        { kind: 'window', state: 'waiting', text: 'window is open' },
        { kind: 'function', state: 'skipped', text: 'function f does not run here' },
      ],
    };
    const passed: MessageTrace = {
      ...message,
      state: 'passed',
      summary: 'handed on',
      steps: [accepted, record],
    };
    expect(printTrace([passed])).toBe(`weather/a/b/c/d/e
  2026-11-21 04:05:06.789 UTC, 3 bytes
  { }
  ✓ accepted from client c  04:05:06.789
  ✓ stream s
    event d/b/1
    … window is open
    – function f does not run here
  ✓ ARRIVED: handed on`);
  });

  it('ends with the newest message', () => {
    const printed = printTrace([
      { ...message, topic: 'newest' },
      { ...message, topic: 'oldest' },
    ]);
    expect(printed.match(/^\w+$/gm)).toEqual(['oldest', 'newest']);
    expect(printed).toContain('✗ STOPPED: no rule matches the topic');
  });

  it('lets nothing that a device sent command the terminal', () => {
    const nasty = '\u001b[2Jx\u009b31m\r\n\u007f';
    const printed = printTrace([
      { ...message, topic: nasty, payload: nasty, summary: nasty, steps: [{ ...accepted, text: nasty }] },
    ]);
    expect(printed.replaceAll('\n', '')).not.toMatch(/\p{Cc}/u);
    expect(printed).toContain('\\u001b[2Jx');
  });

  it('cuts long payloads, prints bytes in base64, and says when only the size is kept', () => {
    expect(printTrace([{ ...message, payload: 'x'.repeat(1000) }])).toContain(`  ${'x'.repeat(300)}…\n`);
    expect(printTrace([{ ...message, payload: '//4A', payloadEncoding: 'base64' }])).toContain(
      '\n  base64 //4A\n',
    );
    expect(printTrace([{ ...message, payload: '', payloadBytes: 200_000 }])).toContain(
      '200000 bytes, not kept\n',
    );
  });
});
