import type { AwsRequest, AwsResponse } from '../../src/local/aws-endpoint/aws-endpoint-message.ts';
import type { DurableLog } from '../../src/local/log/durable-log.ts';
import type { KinesisStream } from '../../src/local/log/kinesis-stream.ts';
import { dynamoDb, kinesis, s3, sns } from '../../src/stores/aws-clients.ts';
import { forgetWeeklyTable } from '../../src/stores/weekly-tables.ts';
import type { Scheduler } from './scheduler.ts';
import type { SeededRandom } from './seeded-random.ts';
import { type Item, RefusedRequest, SimulatedTable } from './simulated-table.ts';

/** How the services behave at a moment: the share of requests that meet each fate. */
export interface ServiceWeather {
  throttled: number;
  failing: number;
  /** The service does it, and the answer is lost. */
  lostAnswers: number;
  latencyMillis: number;
}

export const FAIR_WEATHER: Readonly<ServiceWeather> = {
  throttled: 0,
  failing: 0,
  lostAnswers: 0,
  latencyMillis: 20,
};

interface Request extends Item {
  readonly TableName?: string;
  readonly Key?: Item & string;
  readonly Item?: Item;
  readonly Bucket?: string;
  readonly Body?: string | Uint8Array;
  readonly Message?: string;
  readonly StreamName?: string;
  readonly Records?: readonly { readonly PartitionKey: string; readonly Data: Uint8Array }[];
  readonly Limit?: number;
  readonly ExpressionAttributeValues?: Record<string, unknown>;
}

const WINDOWS_TABLE = 'windows';
const LATEST_TABLE = 'latest';

/** The services at the edge of the functions: they outlive every process, and do what was asked of them even if it has died. */
export class SimulatedAws {
  readonly weather: ServiceWeather = { ...FAIR_WEATHER };
  readonly tables = new Map<string, SimulatedTable>([
    [WINDOWS_TABLE, new SimulatedTable(['sensor_id', 'window_end_millis'])],
    [LATEST_TABLE, new SimulatedTable(['sensor_id'])],
  ]);
  /** By `bucket/key`. */
  readonly objects = new Map<string, string>();
  readonly alerts: string[] = [];
  readonly notifications: string[] = [];
  /** The process of now, whose streams are reached through its endpoint. */
  host: { readonly log: DurableLog; readonly streams: ReadonlyMap<string, KinesisStream> } | undefined;
  readonly #scheduler: Scheduler;
  readonly #random: SeededRandom;
  readonly #isAlive: () => () => boolean;

  /** @param isAlive gives the way to ask whether the process of now still lives */
  constructor(scheduler: Scheduler, random: SeededRandom, isAlive: () => () => boolean) {
    this.#scheduler = scheduler;
    this.#random = random;
    this.#isAlive = isAlive;
  }

  putObject(bucketName: string, key: string, body: Uint8Array): Promise<void> {
    const text = Buffer.from(body).toString();
    return this.#request(() => void this.objects.set(`${bucketName}/${key}`, text));
  }

  /** SNS behind its door: what is wrong with it passes. */
  async notify({ body }: AwsRequest): Promise<AwsResponse> {
    const message = new URLSearchParams(body.toString()).get('Message')!;
    const answer = this.#request(() => void this.notifications.push(message));
    return answer.then(
      () => ({ status: 200, headers: {}, body: '' }),
      (error: Error) => ({ status: 503, headers: {}, body: `<Code>${error.name}</Code>` }),
    );
  }

  /** As `putObject`, into files that the process itself writes: with its death nothing is on its way any more. */
  putFile(bucketName: string, key: string, body: Uint8Array): Promise<void> {
    const text = Buffer.from(body).toString();
    const isAlive = this.#isAlive();
    return this.#request(() => void (isAlive() && this.objects.set(`${bucketName}/${key}`, text)));
  }

  call(operation: string, input: Request): Promise<Item> {
    const request = copyOf(input) as Request;
    if (operation === 'PutRecords') return this.#putRecords(request);
    return this.#request(() => this.#answer(operation, request));
  }

  /** The answer of a dead process's request goes nowhere: its promise never ends. */
  #request<T>(act: () => T): Promise<T> {
    const isAlive = this.#isAlive();
    return new Promise((resolve, reject) => {
      this.#scheduler.after(this.#latency(), () => {
        const { throttled, failing, lostAnswers } = this.weather;
        const fate = this.#random.fraction();
        const answer = (run: () => void): void =>
          void this.#scheduler.after(this.#latency(), () => isAlive() && run());
        if (fate < throttled)
          return answer(() =>
            reject(new RefusedRequest('ProvisionedThroughputExceededException', 'Slow down')),
          );
        if (fate < throttled + failing)
          return answer(() => reject(new RefusedRequest('InternalServerError', 'We had a problem')));
        try {
          const result = act();
          if (fate < throttled + failing + lostAnswers)
            return answer(() => reject(new RefusedRequest('TimeoutError', 'No answer in time')));
          return answer(() => resolve(result));
        } catch (error) {
          return answer(() => reject(error as Error));
        }
      });
    });
  }

  /** Streams live in the process: each record is taken or refused by itself, and durable before the answer. */
  async #putRecords({ StreamName, Records }: Request): Promise<Item> {
    const isAlive = this.#isAlive();
    const put = this.#request(() => {
      const stream = isAlive() ? this.host?.streams.get(StreamName!) : undefined;
      if (!stream) throw new RefusedRequest('ResourceNotFoundException', `There is no stream ${StreamName}`);
      return Records!.map(({ PartitionKey, Data }) => {
        if (this.#random.chance(this.weather.throttled))
          return { ErrorCode: 'ProvisionedThroughputExceededException', ErrorMessage: 'Slow down' };
        return stream.put(PartitionKey, Buffer.from(Data));
      });
    });
    const { log } = this.host!;
    const answers = await put;
    await log.durable();
    return { Records: answers };
  }

  #answer(operation: string, request: Request): Item {
    const answer = ANSWERS[operation];
    if (!answer) throw new RefusedRequest('ValidationException', `Not simulated: ${operation}`);
    return answer(this, request);
  }

  #latency(): number {
    return (this.#random.fraction() ** 2 * this.weather.latencyMillis) / 2;
  }
}

const ANSWERS: Readonly<Record<string, (aws: SimulatedAws, request: Request) => Item>> = {
  DescribeTable: (aws, { TableName }) => {
    tableOf(aws, TableName);
    return { Table: { TableStatus: 'ACTIVE' } };
  },
  CreateTable: (aws, { TableName }) => {
    if (aws.tables.has(TableName!)) throw new RefusedRequest('ResourceInUseException', 'It is there');
    weeklyTables.add(TableName!);
    aws.tables.set(TableName!, new SimulatedTable(['sensor_id', 'minute_millis']));
    return {};
  },
  UpdateItem: (aws, request) => ({
    Attributes: tableOf(aws, request.TableName).update(request.Key!, request),
  }),
  PutItem: (aws, request) => {
    tableOf(aws, request.TableName).put(request.Item!, request);
    return {};
  },
  Query: (aws, { TableName, ExpressionAttributeValues, Limit }) => ({
    Items: tableOf(aws, TableName).newestOf(ExpressionAttributeValues![':s'], Limit!),
  }),
  PutObject: (aws, { Bucket, Key, Body }) => {
    aws.objects.set(`${Bucket}/${Key}`, Buffer.from(Body as Uint8Array).toString());
    return {};
  },
  Publish: (aws, { Message }) => {
    aws.alerts.push(Message!);
    return {};
  },
};

/** Requests are data, and copying them is most of what a service costs here. */
function copyOf(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return value.map(copyOf);
  if (value instanceof Uint8Array) return Buffer.from(value);
  const copy: Record<string, unknown> = {};
  for (const [name, member] of Object.entries(value)) copy[name] = copyOf(member);
  return copy;
}

function tableOf(aws: SimulatedAws, name: string | undefined): SimulatedTable {
  const table = aws.tables.get(name!);
  if (!table) throw new RefusedRequest('ResourceNotFoundException', `There is no table ${name}`);
  return table;
}

/** Of all worlds of this process: what their functions remember must be forgotten with each of them. */
const weeklyTables = new Set<string>();

/** A function that starts anew knows of no table yet. */
export function forgetWeeklyTables(): void {
  for (const name of weeklyTables) forgetWeeklyTable(name);
}

let current: SimulatedAws | undefined;

/** Sends what the functions' clients ask from now on to these services. */
export function connectClients(aws: SimulatedAws): void {
  if (!current) for (const client of [dynamoDb(), kinesis(), s3(), sns()]) answerHere(client);
  current = aws;
}

interface Client {
  send: (command: {
    readonly constructor: { readonly name: string };
    readonly input: object;
  }) => Promise<object>;
}

/** The commands of the document client have shorter names. */
const DOCUMENT_COMMANDS: Readonly<Record<string, string>> = { Update: 'UpdateItem', Put: 'PutItem' };

/** Instead of the SDK's own chain, before anything is serialised or sent. */
function answerHere(client: object): void {
  (client as Client).send = ({ constructor: { name }, input }) => {
    const operation = name.replace(/Command$/, '');
    return current!.call(DOCUMENT_COMMANDS[operation] ?? operation, input as Request);
  };
}
