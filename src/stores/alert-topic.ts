import { PublishCommand } from '@aws-sdk/client-sns';
import { sns } from './aws-clients.ts';

/** What subscribers of the alert topic get; `time` is the end of the window, milliseconds since the epoch. */
export interface Alert {
  /** Derived from sensor, window and kind: a receiver that keeps it can drop a repetition. */
  readonly alert_id: string;
  readonly time: number;
  readonly sensor_id: string;
  readonly sensor: string;
  readonly station_id: string;
  readonly kind: 'above' | 'below' | 'normal';
  readonly value: number;
  readonly threshold: number;
  readonly message: string;
}

/** Publishes an alert (JSON text of {@link Alert}) with the attributes `kind` and `sensor` for subscription filters. */
export async function publishAlert(topicArn: string, message: string): Promise<void> {
  const { kind, sensor } = JSON.parse(message) as Alert;
  await sns().send(
    new PublishCommand({
      TopicArn: topicArn,
      Subject: 'Mesonet alert',
      Message: message,
      MessageAttributes: {
        kind: { DataType: 'String', StringValue: kind },
        sensor: { DataType: 'String', StringValue: sensor },
      },
    }),
  );
}
