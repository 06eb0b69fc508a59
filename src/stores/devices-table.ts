import { GetCommand, UpdateCommand } from '@aws-sdk/lib-dynamodb';
import type { DeviceConfig, DeviceConfigChange } from '../telemetry/device-config.ts';
import { dynamoDb } from './aws-clients.ts';
import { awsErrorName, VersionConflictError } from './store-error.ts';

/* One item per device: key `device_id`. `version` counts the writes. */

export async function getDeviceConfig(
  tableName: string,
  deviceId: string,
): Promise<DeviceConfig | undefined> {
  const { Item } = await dynamoDb().send(
    new GetCommand({ TableName: tableName, Key: { device_id: deviceId }, ConsistentRead: true }),
  );
  return Item as DeviceConfig | undefined;
}

/**
 * Replaces the configuration and counts its version up.
 * @throws VersionConflictError when `change.version` is given and is not the stored one (0: there must be none yet)
 */
export async function putDeviceConfig(
  tableName: string,
  deviceId: string,
  change: DeviceConfigChange,
  nowMillis: number,
): Promise<DeviceConfig> {
  const { settings, version } = change;
  try {
    const { Attributes } = await dynamoDb().send(
      new UpdateCommand({
        TableName: tableName,
        Key: { device_id: deviceId },
        UpdateExpression: [
          'SET #seconds = :seconds, #enabled = :enabled, #updated = :now, #version = if_not_exists(#version, :zero) + :one',
          settings === undefined ? 'REMOVE #settings' : ', #settings = :settings',
        ].join(' '),
        ExpressionAttributeNames: {
          '#seconds': 'sampling_interval_seconds',
          '#enabled': 'enabled',
          '#updated': 'updated_at',
          '#version': 'version',
          '#settings': 'settings',
        },
        ExpressionAttributeValues: {
          ':seconds': change.sampling_interval_seconds,
          ':enabled': change.enabled,
          ':now': nowMillis,
          ':zero': 0,
          ':one': 1,
          ...(settings === undefined ? {} : { ':settings': settings }),
          ...(version === undefined || version === 0 ? {} : { ':version': version }),
        },
        ...condition(version),
        ReturnValues: 'ALL_NEW',
      }),
    );
    return Attributes as DeviceConfig;
  } catch (error) {
    if (awsErrorName(error) !== 'ConditionalCheckFailedException') throw error;
    throw new VersionConflictError(
      `Cannot write the configuration of "${deviceId}": version ${version} is not the stored one, read it again`,
      { cause: error },
    );
  }
}

function condition(version: number | undefined): { ConditionExpression?: string } {
  if (version === undefined) return {};
  return { ConditionExpression: version === 0 ? 'attribute_not_exists(device_id)' : '#version = :version' };
}
