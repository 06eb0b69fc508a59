import { expect, test } from 'vitest';
import { compileRule, createMessage } from '../../iot-sql/index.ts';
import { ArrivedMessage, decodeMessage, encodeMessage } from './arrived-message.ts';

const certificateId = 'ab'.repeat(32);
const arrived = new ArrivedMessage({
  topic: 'a',
  payload: Buffer.from('{}'),
  clientId: 'roof',
  principal: certificateId,
  timestampMillis: 1,
});

test('a rule sees the certificate that a device connected with, also after the message was kept', () => {
  const rule = compileRule("SELECT principal() AS p, clientid() AS c FROM 'a'", { version: '2016-03-23' });
  for (const message of [arrived, decodeMessage(JSON.parse(JSON.stringify(encodeMessage(arrived))))])
    expect(rule.evaluateText(createMessage(message))?.toString()).toBe(`{"p":"${certificateId}","c":"roof"}`);
});
