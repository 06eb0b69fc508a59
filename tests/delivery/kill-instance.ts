import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { KinesisClient } from '@aws-sdk/client-kinesis';
import { NodeHttpHandler } from '@smithy/node-http-handler';
import { DeliveryLoad } from './delivery-load.ts';
import { endpointOptions } from './endpoint-options.ts';
import { HistoryWriter } from './history.ts';
import { type KillPlan, KillPlanner } from './kill-plan.ts';
import { readShard } from './read-stores.ts';
import { identityOf } from './recompute-windows.ts';
import { type Ready, RuntimeProcess } from './runtime-process.ts';

const SHARD = { StreamName: 'mesonet-dev-readings', ShardId: 'shardId-000000000000' };

/** What an instance has been through. */
export interface InstanceCounts {
  kills: number;
  recoveries: number;
  maxRestartMillis: number;
  /** Kills by where they came. */
  readonly killsAt: Map<string, number>;
}

/** One data folder, and the process on it that is killed again and again while clients go on. */
export class KillInstance {
  readonly folder: string;
  readonly historyFile: string;
  readonly counts: InstanceCounts = { kills: 0, recoveries: 0, maxRestartMillis: 0, killsAt: new Map() };
  readonly history: HistoryWriter;
  readonly #planner: KillPlanner;
  readonly #load: DeliveryLoad;
  readonly #onStream = new Set<string>();
  #sequenceNumber: string | undefined;

  constructor(folder: string, name: string, seed: number) {
    mkdirSync(folder, { recursive: true });
    this.folder = join(folder, 'data');
    this.historyFile = join(folder, 'history.jsonl');
    this.history = new HistoryWriter(this.historyFile);
    this.#planner = new KillPlanner(seed);
    this.#load = new DeliveryLoad(name, this.history);
  }

  /** One life: start, look whether everything acknowledged is there, go on under load, die. @throws Error that says what is lost */
  async liveOnce(): Promise<void> {
    const plan = this.#planner.next();
    const process = new RuntimeProcess(this.folder, failpointsOf(plan));
    if (plan.kind === 'starting') {
      await Promise.race([sleep(plan.afterMillis), process.ended]);
      await process.kill();
      this.#count('while starting', await process.ended);
      return;
    }
    const ready = await process.ready;
    if (ready) await this.#serve(process, ready, plan);
    const end = await process.ended;
    const isHit = plan.kind === 'failpoint' && !this.#wasCut;
    this.#wasCut = false;
    if (end !== 'SIGKILL') throw new Error(`The process ended with ${end}: ${process.errors}`);
    this.#count(isHit ? plan.name : 'while serving', end);
  }

  /** A life without a kill: the clients go on for a while, then it is handed over while it goes on serving. */
  async withServing(use: (ready: Ready) => Promise<void>): Promise<void> {
    const process = new RuntimeProcess(this.folder, '');
    const ready = await process.ready;
    if (!ready) throw new Error(`The process did not start: ${process.errors}`);
    try {
      this.#recovered(process);
      await this.#lookForAccepted(ready);
      const load = this.#load.run(targetOf(ready));
      await sleep(1000);
      this.#load.finish();
      await load;
      await use(ready);
    } finally {
      await process.kill('SIGTERM');
    }
  }

  #wasCut = false;

  async #serve(process: RuntimeProcess, ready: Ready, plan: KillPlan): Promise<void> {
    this.#recovered(process);
    const isLooked = this.#lookForAccepted(ready).catch(async (error: Error) => {
      // The failpoint may end it while it is read; then the next life is looked at.
      const isGone = await Promise.race([process.ended.then(() => true), sleep(500).then(() => false)]);
      if (!isGone || error instanceof LostError) throw error;
    });
    await isLooked;
    const load = this.#load.run(targetOf(ready));
    const isOver = await Promise.race([
      process.ended.then(() => true),
      sleep(plan.afterMillis).then(() => false),
    ]);
    if (!isOver) {
      this.#wasCut = true;
      await process.kill();
    }
    await load;
  }

  #recovered({ readyMillis = 0 }: RuntimeProcess): void {
    this.counts.recoveries += 1;
    this.counts.maxRestartMillis = Math.max(this.counts.maxRestartMillis, readyMillis);
  }

  #count(where: string, end: string): void {
    if (end !== 'SIGKILL') return;
    this.counts.kills += 1;
    this.counts.killsAt.set(where, (this.counts.killsAt.get(where) ?? 0) + 1);
  }

  /** Everything that was acknowledged over MQTT and passes the rule is on the stream. */
  async #lookForAccepted({ awsEndpoint }: Ready): Promise<void> {
    const client = new KinesisClient({
      ...endpointOptions(awsEndpoint),
      requestHandler: new NodeHttpHandler(),
      maxAttempts: 1,
    });
    try {
      const records = await readShard(client, SHARD, this.#sequenceNumber);
      for (const { text } of records)
        this.#onStream.add(identityOf(JSON.parse(text) as object as never) ?? '');
      this.#sequenceNumber = records.at(-1)?.sequenceNumber ?? this.#sequenceNumber;
    } finally {
      client.destroy();
    }
    const lost = this.history
      .takeAccepted()
      .filter(({ via, end, id }) => via === 'mqtt' && end !== 'filtered' && !this.#onStream.has(id));
    if (lost.length > 0)
      throw new LostError(`${lost.length} acknowledged events are not on the stream, first ${lost[0]!.id}`);
  }
}

/** Something that was acknowledged is gone. */
class LostError extends Error {
  override name = 'LostError';
}

function failpointsOf(plan: KillPlan): string {
  return plan.kind === 'failpoint' ? `${plan.name}=kill@${plan.pass}` : '';
}

function targetOf({ mqtt, http, token }: Ready): { mqttPort: number; http: string; token: string } {
  return { mqttPort: mqtt.port, http, token };
}
