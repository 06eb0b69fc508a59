import type { JsonObject } from '../../iot-sql/index.ts';
import { failpoint } from '../failpoint.ts';
import {
  DELIVERIES_STAGE,
  DEVICE_SERVICES_STAGE,
  type Ledger,
  type LedgerStage,
  LOG_UNWRITABLE,
  MQTT_STAGE,
} from '../ledger.ts';
import { LocalError } from '../local-error.ts';
import type { DurableLog } from '../log/durable-log.ts';
import type { KeptMessages, RefusedMessage } from '../trace/kept-messages.ts';
import type { DeviceServices } from './device-services.ts';
import type { PublishToTopic } from './iot-data.ts';
import {
  type MqttBroker,
  type MqttTlsOptions,
  type PublishedMessage,
  startMqttBroker,
} from './mqtt-broker.ts';
import { topicProblemOf } from './publish-limits.ts';
import type { ReservedAnswer } from './reserved-topics.ts';
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
  /** Answer what devices ask over reserved topics. */
  readonly services: DeviceServices;
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
    const { log, nowMillis, services } = this.#options;
    const { retained, sessions } = services;
    this.#broker = await startMqttBroker({
      ...this.#options,
      store: { log, nowMillis, retained, sessions },
      accept: (message, done) => this.#accept(rules, message, done),
      onEvent: (topic, body) => this.#tellEvent(rules, topic, body),
      onRefusedPublish: this.#keepRefusal,
      onRefused: this.#countRefusal,
      onRefusedDelivery: (reason) => {
        const deliveries = this.#options.ledger.stage(DELIVERIES_STAGE);
        deliveries.in(1);
        deliveries.drop(reason, 1);
      },
    });
    return this.#broker;
  }

  /** Takes a message that came over HTTPS; resolves once it is durable, in the queues of sessions too. */
  readonly publish: PublishToTopic = async (topic, payload, qos, isRetained = false, caller) => {
    const { log, services } = this.#options;
    if (!this.#broker || !this.#rules) throw new LocalError('Cannot publish: the broker is not open yet');
    log.checkWritable();
    const answers = this.#take(this.#rules, { topic, payload, qos, clientId: undefined, ...caller });
    if (isRetained) services.retained.keep({ topic, payload, qos });
    await log.durable();
    await this.#broker.publish(topic, payload, qos);
    await this.tell(answers);
  };

  /** Gives messages of the services to the rules and the subscribers; resolves once what led to them is durable. */
  readonly tell = async (answers: readonly ReservedAnswer[], requesterId?: string): Promise<void> => {
    const deliveries = this.#prepare(answers, requesterId);
    await this.#options.log.durable();
    for (const deliver of deliveries) await deliver();
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
    const republished = { topic, payload, qos, clientId: undefined, mqttProperties, hops };
    const answers = this.#options.services.answer(republished);
    this.#route(this.#rules, republished, answers !== undefined);
    if (answers) this.#answer(answers, undefined);
  };

  /** Stops listening; what is republished meanwhile is not taken. */
  async close(): Promise<void> {
    const broker = this.#broker;
    this.#broker = undefined;
    await broker?.stop();
  }

  /** Counts what another door turns away, and keeps it for whoever asks. */
  readonly refuse = (message: RefusedMessage): void => {
    this.#countRefusal(message.reason);
    this.#keepRefusal(message);
  };

  readonly #countRefusal = (reason: string): void => {
    this.#stage.in(1);
    this.#stage.drop(reason, 1);
  };

  readonly #keepRefusal = (message: RefusedMessage): void =>
    this.#options.refused?.keepRefusal(message, this.#options.nowMillis());

  #accept(rules: RulesEngine, message: PublishedMessage, done: (error?: Error) => void): void {
    let answers: readonly ReservedAnswer[];
    const { failure } = this.#options.log;
    if (failure) {
      const { topic, clientId, payload } = message;
      this.refuse({ topic, clientId, payloadBytes: payload.length, reason: LOG_UNWRITABLE });
      done(failure);
      return;
    }
    try {
      failpoint('accept.beforeAppend');
      answers = this.#take(rules, message);
    } catch (error) {
      done(error as Error);
      return;
    }
    if (message.qos === 0) done();
    else
      this.#options.log.whenDurable((error) => {
        failpoint('accept.afterAppendBeforeAck');
        done(error);
        failpoint('accept.afterAck');
      });
    if (answers.length > 0) this.#answer(answers, message.clientId);
  }

  /** Returns what a service answers, for when it is durable. */
  #take(rules: RulesEngine, message: PublishedMessage): readonly ReservedAnswer[] {
    this.#stage.in(1);
    this.#stage.out(1);
    const answers = this.#options.services.answer(message);
    this.#route(rules, message, answers !== undefined);
    return answers ?? [];
  }

  /** A request to a service goes through the rules only where one waits for it: it is not lost without. */
  #route(rules: RulesEngine, message: PublishedMessage, isRequest: boolean): void {
    if (isRequest) {
      const stage = this.#options.ledger.stage(DEVICE_SERVICES_STAGE);
      stage.in(1);
      stage.out(1);
      if (!rules.wants(message.topic)) return;
    }
    rules.route(message, this.#options.nowMillis());
  }

  /** An event is no message that somebody waits for: only what rules make of it goes onto the log. */
  #tellEvent(rules: RulesEngine, topic: string, body: JsonObject): void {
    const payload = Buffer.from(JSON.stringify(body));
    if (rules.wants(topic))
      rules.route({ topic, payload, qos: 1, clientId: undefined }, this.#options.nowMillis());
    this.#broker?.publish(topic, payload, 1).catch(() => undefined);
  }

  #answer(answers: readonly ReservedAnswer[], requesterId: string | undefined): void {
    this.tell(answers, requesterId).catch(() => {
      const stage = this.#options.ledger.stage(DEVICE_SERVICES_STAGE);
      stage.in(answers.length);
      stage.drop('answer was not sent', answers.length);
    });
  }

  /** The rules see an answer at once, so that what they make of it is durable together with what it tells of. */
  #prepare(answers: readonly ReservedAnswer[], requesterId: string | undefined): (() => Promise<void>)[] {
    return answers.map(({ topic, body, payload: bytes, isForRequester }) => {
      const payload = bytes ?? Buffer.from(JSON.stringify(body));
      if (!isForRequester && this.#rules?.wants(topic))
        this.#rules.route({ topic, payload, qos: 1, clientId: undefined }, this.#options.nowMillis());
      return async () => {
        if (!isForRequester) await this.#broker?.publish(topic, payload, 1);
        else if (requesterId !== undefined) await this.#broker?.publishTo(requesterId, topic, payload);
      };
    });
  }
}
