import { DeviceApiError } from '../device-error.ts';
import { type DeviceCertificate, type GetAnswer, getOverHttps } from './https-get.ts';
import { fetchRoleCredentials, type RoleCredentials } from './role-credentials.ts';
import { signRequest } from './sign-request.ts';

/** Where the stack is, and who the device is; nothing else differs between AWS and the local runtime. */
export interface DeviceApiOptions {
  /** The stack's HTTP API: `https://….execute-api.us-east-1.amazonaws.com`, or as `npm start` prints it. */
  readonly apiUrl: string;
  /** The credential provider: `https://….credentials.iot.us-east-1.amazonaws.com`, or `https://127.0.0.1:8443`. */
  readonly credentialsUrl: string;
  readonly roleAlias: string;
  readonly region: string;
  /** The device's own name; there is no data of others for it. */
  readonly thingName: string;
  readonly tls: DeviceCertificate;
  /** Milliseconds since the epoch; the system's clock when absent. */
  readonly nowMillis?: () => number;
}

/** What is configured for the device; see docs/http-api.md. */
export interface StoredConfiguration {
  readonly device_id: string;
  readonly sampling_interval_seconds: number;
  readonly enabled: boolean;
  readonly settings: Readonly<Record<string, string | number | boolean>>;
  readonly version: number;
  /** Milliseconds since the epoch. */
  readonly updated_at: number;
}

/** One window of 60 seconds of one sensor; times in milliseconds since the epoch. */
export interface HistoryWindow {
  readonly time: number;
  readonly window_end: number;
  readonly sensor_id: string;
  readonly sensor: string;
  readonly station_id: string;
  readonly avg: number | null;
  readonly smooth_avg: number | null;
  readonly min: number | null;
  readonly max: number | null;
  readonly sum: number | null;
  readonly count: number;
  readonly final: boolean;
  readonly revision: number;
}

/** Which windows: those that begin in [fromMillis, toMillis); the last hour when nothing is given. */
export interface HistoryQuery {
  readonly sensorId?: string;
  readonly fromMillis?: number;
  readonly toMillis?: number;
  /** 1 to 10,000; 1,000 when not given. */
  readonly limit?: number;
}

export interface History {
  readonly windows: readonly HistoryWindow[];
  /** The `fromMillis` of the next page; undefined after the last one. */
  readonly nextFromMillis: number | undefined;
}

/** New credentials are asked for so long before the old ones end. */
const RENEW_BEFORE_MILLIS = 5 * 60_000;
const NOT_FOUND = 404;
const FORBIDDEN = 403;

/**
 * What a device may ask of the stack: its configuration and its history. It has nothing but its certificate: for that it gets
 * credentials of a role, and with them it signs what it asks.
 */
export class DeviceApi {
  readonly #options: DeviceApiOptions;
  readonly #nowMillis: () => number;
  #credentials: Promise<RoleCredentials> | undefined;

  constructor(options: DeviceApiOptions) {
    this.#options = options;
    this.#nowMillis = options.nowMillis ?? Date.now;
  }

  /** @returns undefined when nothing has been configured yet @throws DeviceApiError */
  async configuration(): Promise<StoredConfiguration | undefined> {
    const answer = await this.#get('config', {});
    if (answer.status === NOT_FOUND) return undefined;
    return JSON.parse(expectOk(answer).text) as StoredConfiguration;
  }

  /** One page of the device's windows, oldest first. @throws DeviceApiError */
  async history({ sensorId, fromMillis, toMillis, limit }: HistoryQuery = {}): Promise<History> {
    const answer = await this.#get('windows', { sensor_id: sensorId, from: fromMillis, to: toMillis, limit });
    const { headers, text } = expectOk(answer);
    const next = headers['x-next-from'];
    return {
      windows: JSON.parse(text) as HistoryWindow[],
      nextFromMillis: next === undefined ? undefined : Number(next),
    };
  }

  async #get(what: string, query: Readonly<Record<string, string | number | undefined>>): Promise<GetAnswer> {
    const { apiUrl, thingName } = this.#options;
    const url = new URL(`/v1/devices/${encodeURIComponent(thingName)}/${what}`, apiUrl);
    for (const [name, value] of Object.entries(query))
      if (value !== undefined) url.searchParams.set(name, String(value));
    const hadCredentials = this.#credentials !== undefined;
    const answer = await this.#send(url);
    if (answer.status !== FORBIDDEN || !hadCredentials) return answer;
    // What was kept may count no longer, or the clock was set meanwhile.
    this.#credentials = undefined;
    return this.#send(url);
  }

  async #send(url: URL): Promise<GetAnswer> {
    const { region, tls } = this.#options;
    const credentials = await this.#currentCredentials();
    const nowMillis = this.#nowMillis() + credentials.serverAheadMillis;
    const headers = await signRequest({ url, method: 'GET' }, { credentials, region, nowMillis });
    return getOverHttps(url, { headers, tls: tls.ca === undefined ? {} : { ca: tls.ca } });
  }

  async #currentCredentials(): Promise<RoleCredentials> {
    const kept = await this.#credentials;
    if (kept && kept.expiresMillis - this.#nowMillis() - kept.serverAheadMillis > RENEW_BEFORE_MILLIS)
      return kept;
    const fetched = fetchRoleCredentials({ ...this.#options, nowMillis: this.#nowMillis });
    this.#credentials = fetched;
    try {
      return await fetched;
    } catch (error) {
      this.#credentials = undefined;
      throw error;
    }
  }
}

function expectOk(answer: GetAnswer): GetAnswer {
  const { status, text } = answer;
  if (status === 200) return answer;
  throw new DeviceApiError(`Cannot ask the API: ${status} ${messageOf(text)}`, status);
}

function messageOf(text: string): string {
  try {
    return String((JSON.parse(text) as { message?: unknown }).message);
  } catch {
    return text.slice(0, 200);
  }
}
