import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { connectAsync, type IClientOptions, type MqttClient } from 'mqtt';
import { type Mesonet, type MesonetOptions, startMesonet } from '../../src/local/start-mesonet.ts';

export const projectFolder = fileURLToPath(new URL('../..', import.meta.url)).replace(/\/$/, '');

/** A runtime on a data folder of its own, with a clock that can be put forward. */
export class RunningPipeline {
  readonly folder: string;
  mesonet!: Mesonet;
  #offsetMillis = 0;
  readonly #clients: MqttClient[] = [];
  readonly #options: Partial<MesonetOptions>;

  private constructor(options: Partial<MesonetOptions>) {
    this.folder = mkdtempSync(join(tmpdir(), 'mesonet-pipeline-'));
    this.#options = { ...options };
  }

  static async start(options: Partial<MesonetOptions> = {}): Promise<RunningPipeline> {
    const running = new RunningPipeline(options);
    await running.#start();
    return running;
  }

  /** Stops and starts again on the same folder, with other options where they are given. */
  async restart(options: Partial<MesonetOptions> = {}): Promise<void> {
    await this.#stop();
    Object.assign(this.#options, options);
    await this.#start();
  }

  async end(): Promise<void> {
    await this.#stop();
    rmSync(this.folder, { recursive: true, force: true });
  }

  get nowMillis(): number {
    return Date.now() + this.#offsetMillis;
  }

  putClockForward(millis: number): void {
    this.#offsetMillis += millis;
  }

  async connect(options: IClientOptions = {}): Promise<MqttClient> {
    const client = await connectAsync({
      host: '127.0.0.1',
      port: this.mesonet.mqtt.port,
      reconnectPeriod: 0,
      ...options,
    });
    client.on('error', () => {});
    this.#clients.push(client);
    return client;
  }

  async get<Value>(path: string): Promise<Value> {
    const response = await fetch(this.mesonet.http + path);
    if (!response.ok) throw new Error(`GET ${path} answered ${response.status}: ${await response.text()}`);
    return (await response.json()) as Value;
  }

  async #start(): Promise<void> {
    this.mesonet = await startMesonet({
      projectFolder,
      dataFolder: this.folder,
      version: 'test',
      mqttPort: 0,
      httpPort: 0,
      awsPort: 0,
      durability: 'process',
      insecureLocal: true,
      nowMillis: () => this.nowMillis,
      ...this.#options,
    });
  }

  async #stop(): Promise<void> {
    await Promise.all(this.#clients.splice(0).map((client) => client.endAsync(true)));
    await this.mesonet.stop();
  }
}

/** Asks again until the answer is as wanted. */
export async function eventually<Value>(
  ask: () => Promise<Value> | Value,
  isWanted: (value: Value) => boolean,
  seconds = 20,
): Promise<Value> {
  const deadline = Date.now() + seconds * 1000;
  for (;;) {
    const value = await ask();
    if (isWanted(value)) return value;
    if (Date.now() > deadline)
      throw new Error(`Waited ${seconds} s in vain; the last answer was ${JSON.stringify(value)}`);
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

export function topicOf(sensorId: string, { station = 'stA', sensor = 'temperature' } = {}): string {
  return `weather/WA/Seattle/${station}/${sensor}/${sensorId}`;
}

export function payloadOf(value: number, timestampMillis: number, more: object = {}): string {
  return JSON.stringify({
    sensor_timestamp: timestampMillis,
    sensor_value: value,
    sensor_value_smoothed: value,
    direction: 1,
    ...more,
  });
}
