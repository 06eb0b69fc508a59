import type { Connection, ConnectionOptions, Transport } from '../client/connection.ts';
import { ClaimRefusedError, ProvisioningError } from './provisioning-error.ts';

type Answer = Readonly<Record<string, unknown>>;

/** Making a key may take the service a while, and a hook five seconds. */
const ANSWER_MILLIS = 15_000;

/** Asks fleet provisioning over one connection, one question at a time (AWS IoT developer guide, fleet-provision-api). */
export class ClaimConnection {
  readonly #connection: Connection;
  readonly #waiting: Map<string, (payload: Uint8Array) => void>;

  private constructor(connection: Connection, waiting: Map<string, (payload: Uint8Array) => void>) {
    this.#connection = connection;
    this.#waiting = waiting;
  }

  /** @throws ConnectError when the broker does not let the claim in */
  static async open(transport: Transport, options: ConnectionOptions): Promise<ClaimConnection> {
    const waiting = new Map<string, (payload: Uint8Array) => void>();
    const onMessage = (topic: string, payload: Uint8Array): void => waiting.get(topic)?.(payload);
    return new ClaimConnection(await transport({ ...options, onMessage }), waiting);
  }

  /**
   * Publishes a request and waits for what is said to it.
   * @throws ClaimRefusedError with the service's code, ProvisioningError when nothing is answered
   */
  async ask(topic: string, body: object): Promise<Answer> {
    await this.#connection.subscribe([`${topic}/accepted`, `${topic}/rejected`]);
    let timer: NodeJS.Timeout | undefined;
    const answered = new Promise<Answer>((resolve, reject) => {
      this.#waiting.set(`${topic}/accepted`, (payload) => resolve(parse(topic, payload, reject)));
      this.#waiting.set(`${topic}/rejected`, (payload) => {
        const { errorCode, errorMessage } = parse(topic, payload, reject);
        reject(new ClaimRefusedError(`Cannot claim by ${topic}: ${errorMessage}`, String(errorCode)));
      });
      const late = (): void =>
        reject(new ProvisioningError(`Cannot claim by ${topic}: no answer within ${ANSWER_MILLIS / 1000} s`));
      timer = setTimeout(late, ANSWER_MILLIS);
      void this.#connection.closed.then((reason) =>
        reject(new ProvisioningError(`Cannot claim by ${topic}: ${reason}`)),
      );
    });
    // Whatever ends first is what counts: a publish may never settle when the connection closes.
    const published = this.#connection.publish(topic, JSON.stringify(body), 1);
    try {
      return await Promise.race([answered, published.then(() => answered)]);
    } finally {
      clearTimeout(timer);
      answered.catch(() => {});
      this.#waiting.clear();
    }
  }

  end(): Promise<void> {
    return this.#connection.end(true);
  }
}

function parse(topic: string, payload: Uint8Array, reject: (error: Error) => void): Answer {
  try {
    const answer = JSON.parse(Buffer.from(payload).toString()) as Answer | null;
    if (answer !== null && typeof answer === 'object') return answer;
  } catch {
    // Said below.
  }
  reject(new ProvisioningError(`Cannot claim by ${topic}: the answer is not a JSON object`));
  return {};
}
