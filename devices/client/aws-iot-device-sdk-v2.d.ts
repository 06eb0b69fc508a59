/**
 * The part of the SDK that is used here. The package is optional, because its native part does not install everywhere; with
 * these declarations the sources are checked whether it is there or not.
 */
declare module 'aws-iot-device-sdk-v2' {
  export namespace mqtt5 {
    interface ConnectPacket {
      readonly clientId: string;
      readonly keepAliveIntervalSeconds: number;
    }
    interface ClientConfig {
      hostName: string;
      port: number;
      connectProperties?: ConnectPacket;
      connackTimeoutMs?: number;
      offlineQueueBehavior?: number;
      minReconnectDelayMs?: number;
      maxReconnectDelayMs?: number;
    }
    interface PublishPacket {
      readonly topicName: string;
      readonly payload: string | Uint8Array;
      readonly qos: 0 | 1;
    }
    interface ReasonPacket {
      readonly reasonCode: number;
      readonly reasonString?: string;
    }
    interface Events {
      connectionSuccess: object;
      connectionFailure: { readonly error: Error; readonly connack?: ReasonPacket };
      disconnection: { readonly error: Error; readonly disconnect?: ReasonPacket };
      stopped: object;
      error: Error;
      messageReceived: { readonly message: { readonly topicName: string; readonly payload: ArrayBuffer } };
    }
    class Mqtt5Client {
      constructor(config: ClientConfig);
      on<Name extends keyof Events>(name: Name, listener: (event: Events[Name]) => void): this;
      once<Name extends keyof Events>(name: Name, listener: (event: Events[Name]) => void): this;
      start(): void;
      stop(): void;
      close(): void;
      publish(packet: PublishPacket): Promise<ReasonPacket | undefined>;
      subscribe(packet: {
        readonly subscriptions: readonly { readonly topicFilter: string; readonly qos: 0 | 1 }[];
      }): Promise<{ readonly reasonCodes: readonly number[] }>;
    }
  }
  export namespace iot {
    class AwsIotMqtt5ClientConfigBuilder {
      static newDirectMqttBuilderWithMtlsFromMemory(
        hostName: string,
        cert: string,
        key: string,
      ): AwsIotMqtt5ClientConfigBuilder;
      withPort(port: number): this;
      withCertificateAuthority(ca: string): this;
      build(): mqtt5.ClientConfig;
    }
  }
}
