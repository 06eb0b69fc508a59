import type { Properties } from '../../../stack/template.ts';
import { type AttributeValue, attributeValueOf } from './attribute-value.ts';
import { type Deliver, DeliveryError } from './rule-action.ts';
import type { RuleActionTargets } from './rule-action-targets.ts';

/** DynamoDB (AWS IoT developer guide, dynamodb-rule-action): the whole result in one column, bytes as binary data. */
export function createDynamodbDelivery({ callDynamodb }: Pick<RuleActionTargets, 'callDynamodb'>): Deliver {
  return async ({ members, output }) => {
    const operation = text(members, 'Operation') ?? 'INSERT';
    const TableName = text(members, 'TableName');
    const Key = keyOf(members);
    if (operation === 'DELETE') {
      await callDynamodb('DeleteItem', { TableName, Key });
      return;
    }
    const column = text(members, 'PayloadField') ?? 'payload';
    const payload = payloadOf(output);
    if (operation === 'INSERT')
      await callDynamodb('PutItem', { TableName, Item: { ...Key, [column]: payload } });
    else
      await callDynamodb('UpdateItem', {
        TableName,
        Key,
        UpdateExpression: 'SET #payload = :payload',
        ExpressionAttributeNames: { '#payload': column },
        ExpressionAttributeValues: { ':payload': payload },
      });
  };
}

/** DynamoDBv2 (AWS IoT developer guide, dynamodb-v2-rule-action): one column for each attribute of the result. */
export function createDynamodbV2Delivery({ callDynamodb }: Pick<RuleActionTargets, 'callDynamodb'>): Deliver {
  return async ({ members, output }) => {
    const value = typeof output === 'string' && output !== '' ? attributeValueOf(output) : undefined;
    if (!value || !('M' in value))
      throw new DeliveryError(
        'the result is not an object',
        'DynamoDBv2 takes the result of a rule only when it is an object',
      );
    const { TableName } = members.PutItem as Properties;
    await callDynamodb('PutItem', { TableName, Item: value.M });
  };
}

function keyOf(members: Properties): Record<string, AttributeValue> {
  const key = { [text(members, 'HashKeyField')!]: keyValue(members, 'Hash') };
  const rangeField = text(members, 'RangeKeyField');
  return rangeField === undefined ? key : { ...key, [rangeField]: keyValue(members, 'Range') };
}

function keyValue(members: Properties, which: 'Hash' | 'Range'): AttributeValue {
  const value = text(members, `${which}KeyValue`);
  if (value === undefined)
    throw new DeliveryError(`${which}KeyValue is empty`, `${which}KeyValue has no value for this message`);
  return members[`${which}KeyType`] === 'NUMBER' ? { N: value } : { S: value };
}

function payloadOf(output: string | Buffer): AttributeValue {
  if (typeof output !== 'string') return { B: output.toString('base64') };
  if (output === '') throw new DeliveryError('the result is undefined', 'The rule gave nothing to write');
  return attributeValueOf(output);
}

function text(members: Properties, name: string): string | undefined {
  const value = members[name];
  return value === undefined || value === null || value === '' ? undefined : String(value);
}
