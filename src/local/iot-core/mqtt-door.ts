import { type Ledger, type LedgerStage, MQTT_STAGE } from '../ledger.ts';
import { LocalError } from '../local-error.ts';
import type { DurableLog } from '../log/durable-log.ts';
import { type MqttBroker, type PublishedMessage, startMqttBroker } from './mqtt-broker.ts';
import type { RulesEngine } from './rules-engine.ts';

export interface MqttDoorOptions {
  readonly host: string;
  readonly port: number;
  readonly nowMillis: () => number;
  readonly log: DurableLog;
  readonly ledger: Ledger;
}

/** Where messages come in, over MQTT or over HTTPS: through the rules, onto the log, and only then acknowledged. */
export class MqttDoor {
  readonly #options: MqttDoorOptions;
  readonly #stage: LedgerStage;
  #broker: MqttBroker | undefined;
  #rules: RulesEngine | undefined;

  constructor(options: MqttDoorOptions) {
    this.#options = options;
    this.#stage = options.ledger.stage(MQTT_STAGE);
  }

  /** `host:port`. */
  get address(): string {
    return `${this.#options.host}:${this.#broker?.port ?? this.#options.port}`;
  }

  /** Starts to listen. @throws LocalError when the port is taken */
  async open(rules: RulesEngine): Promise<MqttBroker> {
    this.#rules = rules;
    this.#broker = await startMqttBroker({
      ...this.#options,
      accept: (message, done) => this.#accept(rules, message, done),
      onRefused: (reason) => {
        this.#stage.in(1);
        this.#stage.drop(reason, 1);
      },
    });
    return this.#broker;
  }

  /** Takes a message that came over HTTPS; resolves once it is durable and the subscribers have it. */
  readonly publish = async (topic: string, payload: Buffer, qos: 0 | 1): Promise<void> => {
    const { log } = this.#options;
    if (!this.#broker || !this.#rules) throw new LocalError('Cannot publish: the broker is not open yet');
    this.#take(this.#rules, { topic, payload, qos, clientId: undefined });
    await log.durable();
    await this.#broker.publish(topic, payload, qos);
  };

  #accept(rules: RulesEngine, message: PublishedMessage, done: (error?: Error) => void): void {
    this.#take(rules, message);
    if (message.qos === 0) done();
    else this.#options.log.whenDurable(done);
  }

  #take(rules: RulesEngine, message: PublishedMessage): void {
    this.#stage.in(1);
    this.#stage.out(1);
    rules.route(message, this.#options.nowMillis());
  }
}
