import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { KeptMessages } from './kept-messages.ts';

const limits = { messagesPerTopic: 3, topics: 4, bytes: 1_000_000 };
const message = (topic: string, payload: string | Buffer, clientId?: string) => ({
  topic,
  payload: Buffer.from(payload as string),
  clientId,
});
const payloadsOf = (kept: KeptMessages, topic: string): string[] =>
  kept.messagesOf(topic).map(({ payload }) => payload.toString());

describe('the kept messages', () => {
  it('are the last of each topic, newest first, with time and client', () => {
    const kept = new KeptMessages(limits);
    for (let i = 1; i <= 5; i += 1) kept.keep(message('a', `m${i}`, `c${i}`), i * 10);
    kept.keep(message('b', 'other'), 60);
    expect(payloadsOf(kept, 'a')).toEqual(['m5', 'm4', 'm3']);
    expect(kept.messagesOf('a')[0]).toMatchObject({
      topic: 'a',
      receivedMillis: 50,
      clientId: 'c5',
      payloadBytes: 2,
    });
    expect(payloadsOf(kept, 'b')).toEqual(['other']);
    expect(kept.messagesOf('c')).toEqual([]);
  });

  it('are copies: neither the publisher nor the next message changes what was read', () => {
    const kept = new KeptMessages({ ...limits, messagesPerTopic: 1 });
    const payload = Buffer.from('first');
    kept.keep({ topic: 'a', payload, clientId: undefined }, 1);
    payload.fill('x');
    const [read] = kept.messagesOf('a');
    kept.keep(message('a', 'other'), 2);
    expect(read!.payload.toString()).toBe('first');
    expect(payloadsOf(kept, 'a')).toEqual(['other']);
  });

  it('forget the topics that were used least recently', () => {
    const kept = new KeptMessages(limits);
    for (const topic of ['a', 'b', 'c', 'd']) kept.keep(message(topic, '1'), 1);
    kept.keep(message('a', '2'), 2);
    kept.keep(message('e', '1'), 3);
    expect([...kept.topics()]).toEqual(['e', 'a', 'd', 'c']);
    expect(kept.messagesOf('b')).toEqual([]);
  });

  it('say of a refused message why, and of its payload only the size', () => {
    const kept = new KeptMessages(limits);
    const topic = 't'.repeat(70_000);
    kept.keepRefusal({ topic, clientId: 'c', payloadBytes: 200_000, reason: 'payload over 128 KiB' }, 1);
    const [stored] = [...kept.topics()];
    expect(stored!.length).toBeLessThan(400);
    expect(kept.messagesOf(stored!)).toMatchObject([
      { clientId: 'c', payloadBytes: 200_000, refusal: 'payload over 128 KiB', payload: Buffer.alloc(0) },
    ]);
    expect(kept.bytes).toBeLessThan(5000);
  });

  it('keep what rules may ask of MQTT 5, apart from the packet it came in', () => {
    const kept = new KeptMessages(limits);
    const packet = Buffer.alloc(1000, 'p');
    const mqttProperties = { correlationData: packet.subarray(0, 3), userProperties: [['k', 'v']] as const };
    kept.keep({ ...message('a', '1'), sourceIp: '127.0.0.1', mqttProperties }, 1);
    packet.fill('x');
    const [read] = kept.messagesOf('a');
    expect(read).toMatchObject({ sourceIp: '127.0.0.1', mqttProperties: { userProperties: [['k', 'v']] } });
    expect(Buffer.from(read!.mqttProperties!.correlationData!).toString()).toBe('ppp');
  });

  it('take names that objects have for their own as any other', () => {
    const kept = new KeptMessages(limits);
    for (const topic of ['__proto__', 'constructor', 'toString']) kept.keep(message(topic, topic), 1);
    expect(payloadsOf(kept, '__proto__')).toEqual(['__proto__']);
    expect(payloadsOf(kept, 'constructor')).toEqual(['constructor']);
    expect(({} as Record<string, unknown>).kept).toBeUndefined();
  });

  it('stay within topics and bytes whatever comes, and are those that a plain list would keep', () => {
    const publish = fc.record({
      topic: fc.constantFrom('a', 'b', 'c', 'd', 'e', 'f', 'g'),
      payload: fc.oneof(
        fc.string(),
        fc.nat(5000).map((length) => 'x'.repeat(length)),
      ),
    });
    fc.assert(
      fc.property(
        fc.array(publish, { maxLength: 80 }),
        fc.integer({ min: 20_000, max: 60_000 }),
        (published, bytes) => {
          const kept = new KeptMessages({ messagesPerTopic: 3, topics: 4, bytes });
          const naive = new Map<string, string[]>();
          published.forEach(({ topic, payload }, at) => {
            kept.keep(message(topic, payload), at);
            const before = naive.get(topic) ?? [];
            naive.delete(topic);
            naive.set(topic, [payload, ...before].slice(0, 3));
          });
          expect(kept.topicCount).toBeLessThanOrEqual(4);
          expect(kept.bytes).toBeLessThanOrEqual(bytes);
          const byUse = [...naive.keys()].reverse();
          expect([...kept.topics()]).toEqual(byUse.slice(0, kept.topicCount));
          for (const topic of kept.topics()) {
            const payloads = payloadsOf(kept, topic);
            expect(payloads.length).toBeGreaterThan(0);
            expect(payloads).toEqual(naive.get(topic)!.slice(0, payloads.length));
          }
        },
      ),
    );
  });

  it('give back the memory of what was large and of what they forget', () => {
    const kept = new KeptMessages({ messagesPerTopic: 2, topics: 1000, bytes: 1024 * 1024 });
    const large = { topic: '', payload: Buffer.alloc(128 * 1024), clientId: undefined };
    for (let i = 0; i < 5000; i += 1)
      kept.keep(i % 7 === 0 ? { ...large, topic: `t/${i % 100}` } : message(`t/${i % 100}`, 'small'), i);
    expect(kept.bytes).toBeLessThanOrEqual(1024 * 1024);
    const held = process.memoryUsage().arrayBuffers;
    for (let i = 0; i < 3000; i += 1) kept.keep({ ...large, topic: `t/${i % 100}` }, i);
    expect(kept.bytes).toBeLessThanOrEqual(1024 * 1024);
    expect(process.memoryUsage().arrayBuffers - held).toBeLessThan(128 * 1024 * 1024);
  });
});
