import { GetCommand, UpdateCommand } from '@aws-sdk/lib-dynamodb';
import type { DeviceConfig, DeviceConfigChange } from '../telemetry/device-config.ts';
import { dynamoDb } from './aws-clients.ts';
import { awsErrorName, VersionConflictError } from './store-error.ts';

/*
 * One item per device: key `device_id`. `version` counts the writes. A device that came by claim has `claimed_certificate_id` and
 * `claimed_at` besides, which are nobody's configuration.
 */

export async function getDeviceConfig(
  tableName: string,
  deviceId: string,
): Promise<DeviceConfig | undefined> {
  const { Item } = await dynamoDb().send(
    new GetCommand({ TableName: tableName, Key: { device_id: deviceId }, ConsistentRead: true }),
  );
  return Item && configOf(Item);
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
    return configOf(Attributes!);
  } catch (error) {
    if (awsErrorName(error) !== 'ConditionalCheckFailedException') throw error;
    throw new VersionConflictError(
      `Cannot write the configuration of "${deviceId}": version ${version} is not the stored one, read it again`,
      { cause: error },
    );
  }
}

/** Why a device may not have a certificate. */
export type ClaimRefusal = 'is not on the list' | 'is disabled' | 'has another certificate';

/**
 * Gives a device that is on the list, enabled, and has no other certificate this one; the same again changes nothing.
 * @returns why it may not have it; undefined when it has it now
 */
export async function claimDevice(
  tableName: string,
  deviceId: string,
  certificateId: string,
  nowMillis: number,
): Promise<ClaimRefusal | undefined> {
  const Key = { device_id: deviceId };
  try {
    await dynamoDb().send(
      new UpdateCommand({
        TableName: tableName,
        Key,
        UpdateExpression: 'SET #certificate = :certificate, #claimed = if_not_exists(#claimed, :now)',
        ConditionExpression:
          '#enabled = :true AND (attribute_not_exists(#certificate) OR #certificate = :certificate)',
        ExpressionAttributeNames: {
          '#certificate': 'claimed_certificate_id',
          '#claimed': 'claimed_at',
          '#enabled': 'enabled',
        },
        ExpressionAttributeValues: { ':certificate': certificateId, ':now': nowMillis, ':true': true },
      }),
    );
    return undefined;
  } catch (error) {
    if (awsErrorName(error) !== 'ConditionalCheckFailedException') throw error;
    const { Item } = await dynamoDb().send(
      new GetCommand({ TableName: tableName, Key, ConsistentRead: true }),
    );
    if (!Item) return 'is not on the list';
    return Item.enabled === true ? 'has another certificate' : 'is disabled';
  }
}

/** Puts a device on the list of those that may claim a certificate, whether or not it had one before. */
export async function allowDevice(tableName: string, deviceId: string, nowMillis: number): Promise<void> {
  await dynamoDb().send(
    new UpdateCommand({
      TableName: tableName,
      Key: { device_id: deviceId },
      UpdateExpression:
        'SET #enabled = :true, #seconds = if_not_exists(#seconds, :seconds), #updated = :now, #version = if_not_exists(#version, :zero) + :one REMOVE #certificate, #claimed',
      ExpressionAttributeNames: {
        '#enabled': 'enabled',
        '#seconds': 'sampling_interval_seconds',
        '#updated': 'updated_at',
        '#version': 'version',
        '#certificate': 'claimed_certificate_id',
        '#claimed': 'claimed_at',
      },
      ExpressionAttributeValues: {
        ':true': true,
        ':seconds': DEFAULT_SAMPLING_SECONDS,
        ':now': nowMillis,
        ':zero': 0,
        ':one': 1,
      },
    }),
  );
}

const DEFAULT_SAMPLING_SECONDS = 10;

function configOf({
  claimed_certificate_id: _,
  claimed_at: __,
  ...config
}: object & Partial<Claim>): DeviceConfig {
  return config as DeviceConfig;
}

interface Claim {
  readonly claimed_certificate_id: string;
  readonly claimed_at: number;
}

function condition(version: number | undefined): { ConditionExpression?: string } {
  if (version === undefined) return {};
  return { ConditionExpression: version === 0 ? 'attribute_not_exists(device_id)' : '#version = :version' };
}
