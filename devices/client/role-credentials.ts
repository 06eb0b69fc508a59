import { DeviceApiError } from '../device-error.ts';
import { type DeviceCertificate, getOverHttps } from './https-get.ts';

/** Temporary credentials of the role that devices have. */
export interface RoleCredentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken: string;
  /** Milliseconds since the epoch, by the server's clock. */
  readonly expiresMillis: number;
  /** How far the server's clock is ahead of this one. */
  readonly serverAheadMillis: number;
}

export interface RoleCredentialsOptions {
  /** Of the credential provider, for example `https://….credentials.iot.us-east-1.amazonaws.com`. */
  readonly credentialsUrl: string;
  readonly roleAlias: string;
  readonly thingName: string;
  readonly tls: DeviceCertificate;
  readonly nowMillis: () => number;
}

/**
 * Asks AWS IoT for credentials with nothing but the device's certificate (AWS IoT developer guide, authorizing-direct-aws).
 * @throws DeviceApiError with status 403 when the certificate, its policies or the thing do not allow it
 */
export async function fetchRoleCredentials(options: RoleCredentialsOptions): Promise<RoleCredentials> {
  const { credentialsUrl, roleAlias, thingName, tls, nowMillis } = options;
  const url = new URL(`/role-aliases/${encodeURIComponent(roleAlias)}/credentials`, credentialsUrl);
  const { status, headers, text } = await getOverHttps(url, {
    headers: { 'x-amzn-iot-thingname': thingName },
    tls,
  });
  if (status !== 200)
    throw new DeviceApiError(`Cannot get credentials of "${roleAlias}": ${status} ${text}`, status);
  const { accessKeyId, secretAccessKey, sessionToken, expiration } = parseCredentials(text);
  const serverMillis = Date.parse(headers.date ?? '');
  return {
    accessKeyId,
    secretAccessKey,
    sessionToken,
    expiresMillis: Date.parse(expiration),
    serverAheadMillis: Number.isNaN(serverMillis) ? 0 : serverMillis - nowMillis(),
  };
}

interface Answer {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken: string;
  /** ISO 8601. */
  readonly expiration: string;
}

function parseCredentials(text: string): Answer {
  try {
    const { credentials } = JSON.parse(text) as { credentials: Answer };
    const { accessKeyId, secretAccessKey, sessionToken, expiration } = credentials;
    const texts = [accessKeyId, secretAccessKey, sessionToken, expiration];
    if (texts.every((each) => typeof each === 'string')) return credentials;
  } catch {
    // Not JSON, or another document.
  }
  throw new DeviceApiError('Cannot read the credentials: the answer is none of the credential provider');
}
