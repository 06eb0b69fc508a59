import { DELIVERIES_STAGE, type Ledger, type LedgerStage, MQTT_STAGE } from '../ledger.ts';
import { LocalError } from '../local-error.ts';
import type { DurableLog } from '../log/durable-log.ts';
import type { KeptMessages } from '../trace/kept-messages.ts';
import {
  type MqttBroker,
  type MqttTlsOptions,
  type PublishedMessage,
  startMqttBroker,
} from './mqtt-broker.ts';
import { topicProblemOf } from './publish-limits.ts';
import { DeliveryError } from './rule-actions/rule-action.ts';
import type { RepublishedMessage } from './rule-actions/rule-action-targets.ts';
import type { RulesEngine } from './rules-engine.ts';

export interface MqttDoorOptions {
  readonly host: string;
  /** Where anybody may connect without TLS; nowhere when undefined. */
  readonly port: number | undefined;
  readonly tls?: MqttTlsOptions | undefined;
  readonly nowMillis: () => number;
  readonly log: DurableLog;
  readonly ledger: Ledger;
  /** Keeps the last refused messages, for whoever asks where they went. */
  readonly refused?: KeptMessages;
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

  /** `host:port` of the listener for devices: with TLS, or where there is none, without. */
  get deviceAddress(): string {
    const { host, port, tls } = this.#options;
    return `${host}:${this.#broker?.tlsPort || this.#broker?.port || (tls?.port ?? port)}`;
  }

  /** Starts to listen. @throws LocalError when the port is taken */
  async open(rules: RulesEngine): Promise<MqttBroker> {
    this.#rules = rules;
    this.#broker = await startMqttBroker({
      ...this.#options,
      accept: (message, done) => this.#accept(rules, message, done),
      onRefusedPublish: (message) => this.#options.refused?.keepRefusal(message, this.#options.nowMillis()),
      onRefused: (reason) => {
        this.#stage.in(1);
        this.#stage.drop(reason, 1);
      },
      onRefusedDelivery: (reason) => {
        const deliveries = this.#options.ledger.stage(DELIVERIES_STAGE);
        deliveries.in(1);
        deliveries.drop(reason, 1);
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

  /**
   * Takes what a Republish action made: to the subscribers, then through the rules. What the rules make of it joins the
   * commit of whoever waits for this, so that it is made once however often a restart repeats the delivery.
   * @throws DeliveryError when nobody may publish to the topic
   */
  readonly republish = async (message: RepublishedMessage): Promise<void> => {
    const { topic, payload, qos, hops, headers } = message;
    const problem = topicProblemOf(topic) ?? (/^$|[+#\0]/.test(topic) ? 'not a topic name' : undefined);
    if (problem !== undefined) throw new DeliveryError(problem, `Cannot republish to '${topic}': ${problem}`);
    if (!this.#broker || !this.#rules) throw new LocalError('Cannot republish: the broker is not open');
    if (!topic.startsWith('$aws/rules/')) await this.#broker.publish(topic, payload, qos, headers);
    const mqttProperties = headers && { ...headers, payloadFormatIndicator: headers.isUtf8 };
    this.#rules.route(
      { topic, payload, qos, clientId: undefined, mqttProperties, hops },
      this.#options.nowMillis(),
    );
  };

  /** Stops listening; what is republished meanwhile is not taken. */
  async close(): Promise<void> {
    const broker = this.#broker;
    this.#broker = undefined;
    await broker?.stop();
  }

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
