import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import {
  DescribeTableCommand,
  type DescribeTableOutput,
  DynamoDBClient,
  ListTablesCommand,
} from '@aws-sdk/client-dynamodb';
import { endpointOptions } from '../../delivery/endpoint-options.ts';
import { type Ready, RuntimeProcess } from '../../delivery/runtime-process.ts';
import { findTool } from '../../tools/find-tool.test-support.ts';
import { FakeClock } from '../fake-clock.ts';
import { eventually, type Reading, RuntimeClient, readingOf } from '../runtime-client.ts';
import { type FaultScenario, must } from '../scenario.ts';

const WEEK_SECONDS = 604_800;
/** The readings come at once; on a loaded machine the function that stores them takes a while to start. */
const KILL_MILLIS = 60_000;
/** Each in a week of its own, in which the tables of two weeks are made: readings come for this one and the last. */
const FAILPOINTS = [1, 2].flatMap((pass) =>
  ['table.beforeCreate', 'table.afterCreateBeforeAnswer'].map((name) => `${name}=kill@${pass}`),
);

export const scenario: FaultScenario = {
  name: 'new-week',
  what: 'weeks pass (faketime) in which nothing ran, and the process is killed before or after it makes a table of the new ones',
  passMark:
    'the next start makes the tables; they can be written, and each reading acknowledged is in the table of its week',
  cannotRun: () =>
    findTool('faketime', 'Debian package faketime') ? undefined : 'faketime is not installed',
  async run({ folder, isLong }) {
    const data = join(folder, 'data');
    const clock = new FakeClock(folder);
    const weeks = new Weeks(clock, data);
    const kills = Array.from({ length: isLong ? 6 : 1 }, () => FAILPOINTS).flat();
    // What a first start makes besides is not what this is about.
    await weeks.pass(undefined);
    for (const failpoint of kills) await weeks.pass(failpoint);
    return weeks.result;
  },
};

/** One folder over the weeks. */
class Weeks {
  readonly #clock: FakeClock;
  readonly #data: string;
  #week = 0;
  #kills = 0;
  #kept = 0;
  #tables = 0;

  constructor(clock: FakeClock, data: string) {
    this.#clock = clock;
    this.#data = data;
  }

  get result(): string {
    return `${this.#kills} kills in ${this.#week} weeks: ${this.#tables} tables, all ACTIVE, ${this.#kept} readings acknowledged and there`;
  }

  /** Three weeks, so that none of the new tables is there; the process dies at the failpoint, and starts again. */
  async pass(failpoint: string | undefined): Promise<void> {
    this.#week += 3;
    await this.#clock.set(this.#week * WEEK_SECONDS);
    const acknowledged: number[] = failpoint === undefined ? [] : await this.#die(failpoint);
    const options = { environment: this.#clock.environment };
    const client = await RuntimeClient.start(this.#data, options);
    try {
      for (let value = 2; value < 6; value += 1) {
        must(await client.tryPublish(this.#readingOf(value)), `Reading ${value} is refused`);
        acknowledged.push(value);
      }
      const samples = await eventually(
        `${acknowledged.length} readings of week ${this.#week}`,
        () => client.samples('s1', this.#nowMillis),
        (found) => acknowledged.every((each) => found.includes(each)),
      );
      must(new Set(samples).size === samples.length, `A reading is there twice: ${samples.join(', ')}`);
      this.#kept += acknowledged.length;
      this.#tables = await activeTables(client.ready);
    } finally {
      await client.stop();
    }
  }

  /** Returns what was acknowledged before the process died. */
  async #die(failpoint: string): Promise<number[]> {
    const dying = new RuntimeProcess(this.#data, failpoint, { environment: this.#clock.environment });
    const ready = await dying.ready;
    const acknowledged: number[] = [];
    if (ready) {
      const client = RuntimeClient.of(dying, ready);
      for (const value of [0, 1])
        if (await client.tryPublish(this.#readingOf(value))) acknowledged.push(value);
      client.release();
    }
    const end = await Promise.race([dying.ended, sleep(KILL_MILLIS, 'nothing', { ref: false })]);
    if (end === 'nothing') await dying.kill();
    must(end === 'SIGKILL', `The process ends with ${end} instead of at '${failpoint}': ${dying.errors}`);
    this.#kills += 1;
    return acknowledged;
  }

  /** Values begin with 0 in each week; odd ones are a week late. */
  #readingOf(value: number): Reading {
    const lateSeconds = (value % 2) * WEEK_SECONDS;
    return readingOf(value, { sensor_timestamp: this.#nowMillis - lateSeconds * 1000 + value });
  }

  get #nowMillis(): number {
    return Date.now() + this.#week * WEEK_SECONDS * 1000;
  }
}

/** How many weekly tables there are. @throws Error when one is not ACTIVE */
async function activeTables({ awsEndpoint }: Ready): Promise<number> {
  const client = new DynamoDBClient(endpointOptions(awsEndpoint));
  try {
    const { TableNames = [] } = await client.send(new ListTablesCommand({}));
    const weekly = TableNames.filter((name) => /-\d{4}-W\d\d$/.test(name));
    for (const TableName of weekly) {
      const { Table }: DescribeTableOutput = await client.send(new DescribeTableCommand({ TableName }));
      must(Table?.TableStatus === 'ACTIVE', `Table '${TableName}' is ${Table?.TableStatus}`);
    }
    return weekly.length;
  } finally {
    client.destroy();
  }
}
