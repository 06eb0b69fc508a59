import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { DurableLog } from '../../log/durable-log.ts';
import { applyShadowChange, EMPTY_SHADOW, shadowDelta } from './shadow-document.ts';
import { isSameJson } from './shadow-json.ts';
import { ShadowService } from './shadow-service.ts';

let folder: string;
let log: DurableLog;
let shadows: ShadowService;
let nowMillis: number;

const open = (): void => {
  log = DurableLog.open({ folder, durability: 'process' });
  shadows = new ShadowService({ log, nowMillis: () => nowMillis });
};
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'shadows-'));
  nowMillis = 1_000_000;
  open();
});
afterEach(async () => {
  await log.close();
  rmSync(folder, { recursive: true, force: true });
});

const PREFIX = '$aws/things/meter/shadow';

function ask(topic: string, body: unknown = ''): Record<string, unknown> {
  const payload = Buffer.from(typeof body === 'string' ? body : JSON.stringify(body));
  const answers = shadows.answer({ topic, payload, clientId: 'c' }) ?? [];
  return Object.fromEntries(answers.map((each) => [each.topic, JSON.parse(JSON.stringify(each.body))]));
}

const update = (state: unknown, more: object = {}): Record<string, unknown> =>
  ask(`${PREFIX}/update`, { state, ...more });
const get = (): unknown => ask(`${PREFIX}/get`)[`${PREFIX}/get/accepted`];

describe('updating a shadow', () => {
  test('is answered with what was set, the delta down to the leaf, and both documents', () => {
    update({ reported: { interval: 60, power: { mode: 'low', led: true } } });
    nowMillis += 5000;
    const answers = update(
      { desired: { interval: 10, power: { mode: 'high', led: true } } },
      { clientToken: 't1' },
    );
    const stamp = { timestamp: 1005 };
    const desired = { interval: 10, power: { mode: 'high', led: true } };
    const stamps = { interval: stamp, power: { mode: stamp, led: stamp } };
    expect(answers).toEqual({
      [`${PREFIX}/update/accepted`]: {
        state: { desired },
        metadata: { desired: stamps },
        version: 2,
        timestamp: 1005,
        clientToken: 't1',
      },
      [`${PREFIX}/update/delta`]: {
        version: 2,
        timestamp: 1005,
        state: { interval: 10, power: { mode: 'high' } },
        metadata: { interval: stamp, power: { mode: stamp } },
        clientToken: 't1',
      },
      [`${PREFIX}/update/documents`]: {
        previous: {
          state: { reported: { interval: 60, power: { mode: 'low', led: true } } },
          metadata: {
            reported: {
              interval: { timestamp: 1000 },
              power: { mode: { timestamp: 1000 }, led: { timestamp: 1000 } },
            },
          },
          version: 1,
        },
        current: {
          state: { desired, reported: { interval: 60, power: { mode: 'low', led: true } } },
          metadata: {
            desired: stamps,
            reported: {
              interval: { timestamp: 1000 },
              power: { mode: { timestamp: 1000 }, led: { timestamp: 1000 } },
            },
          },
          version: 2,
        },
        timestamp: 1005,
        clientToken: 't1',
      },
    });
  });

  test('with null removes a key, and a section that is null or empty is left out', () => {
    update({ desired: { a: 1, b: 2 }, reported: { a: 1 } });
    update({ desired: { a: null } });
    expect(get()).toMatchObject({ state: { desired: { b: 2 }, reported: { a: 1 }, delta: { b: 2 } } });
    update({ desired: null });
    expect(get()).toMatchObject({ version: 3, state: { reported: { a: 1 } } });
    expect((get() as { state: object }).state).not.toHaveProperty('desired');
    update({ reported: { a: null } });
    expect((get() as { state: object }).state).toEqual({});
  });

  test('replaces a list whole, each element with its time', () => {
    update({ reported: { colours: ['red', 'green'] } });
    nowMillis += 1000;
    update({ reported: { colours: ['blue'] } });
    expect(get()).toMatchObject({
      state: { reported: { colours: ['blue'] } },
      metadata: { reported: { colours: [{ timestamp: 1001 }] } },
    });
  });

  test('sends no delta when the device reports what is desired', () => {
    const answers = update({ desired: { a: [1, { b: 2 }] }, reported: { a: [1, { b: 2 }], c: 3 } });
    expect(Object.keys(answers)).toEqual([`${PREFIX}/update/accepted`, `${PREFIX}/update/documents`]);
  });

  test('counts on after a delete, for two days', () => {
    update({ reported: { a: 1 } });
    update({ reported: { a: 2 } });
    expect(ask(`${PREFIX}/delete`, { clientToken: 'd' })).toEqual({
      [`${PREFIX}/delete/accepted`]: { version: 2, timestamp: 1000, clientToken: 'd' },
    });
    expect(update({ reported: { a: 3 } })[`${PREFIX}/update/accepted`]).toMatchObject({ version: 3 });
    ask(`${PREFIX}/delete`);
    nowMillis += 49 * 3600_000;
    expect(update({ reported: { a: 3 } })[`${PREFIX}/update/accepted`]).toMatchObject({ version: 1 });
  });

  test('outlives a restart, a delete too', async () => {
    update({ reported: { a: 1 } });
    ask('$aws/things/meter/shadow/name/config/update', { state: { desired: { b: 2 } } });
    ask('$aws/things/gone/shadow/update', { state: { desired: { b: 2 } } });
    ask('$aws/things/gone/shadow/delete');
    await log.close();
    open();
    expect(get()).toMatchObject({ version: 1, state: { reported: { a: 1 } } });
    expect(shadows.names('meter')).toEqual(['config']);
    expect(shadows.find({ thingName: 'gone', shadowName: undefined })).toBeUndefined();
  });
});

describe('a shadow refuses', () => {
  const deep = (levels: number): unknown => (levels === 0 ? 1 : { a: deep(levels - 1) });
  test.each([
    [400, 'Invalid JSON', '{'],
    [400, 'Invalid JSON', '[]'],
    [400, 'Missing required node: state', { clientToken: 'x' }],
    [400, 'State node must be an object', { state: 1 }],
    [400, 'State node must be an object', { state: null }],
    [400, 'Desired node must be an object', { state: { desired: [] } }],
    [400, 'Reported node must be an object', { state: { reported: 'x' } }],
    [400, "State contains an invalid node: 'delta'", { state: { delta: {} } }],
    [
      400,
      'State contains an invalid node: a list may not contain null',
      { state: { desired: { a: [1, null] } } },
    ],
    [400, 'Invalid version', { state: {}, version: 'one' }],
    [400, 'Invalid clientToken', { state: {}, clientToken: 'x'.repeat(65) }],
    [400, 'JSON contains too many levels of nesting; maximum is 8', { state: { desired: deep(9) } }],
    [404, undefined, undefined],
    [409, 'Version conflict', { state: {}, version: 7 }],
    [413, 'The payload exceeds the maximum size allowed', { state: { desired: { a: 'x'.repeat(8192) } } }],
  ])('with %s: %s', (code, message, body) => {
    const topic = body === undefined ? `${PREFIX}/get` : `${PREFIX}/update`;
    const answer = ask(topic, body)[`${topic}/rejected`];
    expect(answer).toMatchObject({
      code,
      message: message ?? "No shadow exists with name: 'meter'",
      timestamp: 1000,
    });
    expect(shadows.find({ thingName: 'meter', shadowName: undefined })).toBeUndefined();
  });

  test('text that is not UTF-8, and what grows beyond 8 KB bit by bit', () => {
    const answers = shadows.answer({
      topic: `${PREFIX}/update`,
      payload: Buffer.from([0x22, 0xff, 0x22]),
      clientId: undefined,
    });
    expect(answers?.[0]?.body).toMatchObject({ code: 415 });
    update({ reported: { a: 'x'.repeat(5000) } });
    expect(update({ reported: { b: 'x'.repeat(5000) } }, { clientToken: 'big' })).toEqual({
      [`${PREFIX}/update/rejected`]: {
        code: 413,
        message: 'The payload exceeds the maximum size allowed',
        timestamp: 1000,
        clientToken: 'big',
      },
    });
    expect(get()).toMatchObject({ version: 1 });
  });

  test('nothing of eight levels, and names that are words of JavaScript', () => {
    expect(update({ desired: deep(8) })).toHaveProperty(`${PREFIX}/update/accepted`);
    for (const name of ['__proto__', 'constructor', 'toString']) {
      const topic = `$aws/things/${name}/shadow/name/${name}`;
      expect(ask(`${topic}/get`)[`${topic}/get/rejected`]).toMatchObject({
        code: 404,
        message: `No shadow exists with name: '${name}~${name}'`,
      });
      ask(`${topic}/update`, `{"state":{"desired":{"__proto__":{"a":1},"${name}":2}}}`);
      const [answer] = shadows.answer({
        topic: `${topic}/get`,
        payload: Buffer.alloc(0),
        clientId: undefined,
      })!;
      const text = JSON.stringify(answer!.body);
      expect(text).toContain('"delta":{"__proto__":');
      expect(text).toContain('"metadata":{"desired":{"__proto__":');
      expect(shadows.names(name)).toEqual([name]);
    }
    expect(({} as Record<string, unknown>).a).toBeUndefined();
  });

  test('topics of others', () => {
    for (const topic of [
      '$aws/things/meter/shadow/update/accepted',
      '$aws/things/a b/shadow/get',
      '$aws/things/meter/shadow/name//get',
      '$aws/things/meter/jobs/get',
      'a/b',
    ])
      expect(shadows.answer({ topic, payload: Buffer.alloc(0), clientId: undefined })).toBeUndefined();
  });
});

describe('any state', () => {
  const leaf = fc.oneof(fc.integer(), fc.string(), fc.boolean());
  const state = fc.letrec<{ tree: Record<string, unknown> }>((tie) => ({
    tree: fc.dictionary(fc.constantFrom('a', 'b', '__proto__'), fc.oneof(leaf, fc.array(leaf), tie('tree')), {
      maxKeys: 3,
      depthIdentifier: 'tree',
    }),
  })).tree;

  test('that is desired and then reported leaves no delta, and reporting the delta does it too', () => {
    fc.assert(
      fc.property(state, state, (desired, reported) => {
        const change = { desired, reported } as never;
        const document = applyShadowChange(EMPTY_SHADOW, change, 1);
        const delta = shadowDelta(document);
        if (!delta) return;
        const after = applyShadowChange(document, { reported: delta.state }, 2);
        expect(shadowDelta(after)).toBeUndefined();
        expect(isSameJson(after.state.desired ?? {}, document.state.desired ?? {})).toBe(true);
      }),
    );
  });
});
