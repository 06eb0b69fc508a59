/** The fields every reading carries, whatever road it took into the stream. Times are milliseconds since the epoch. */
export interface Reading {
  /** Who measured: the last level of the topic, for example `bQ7KcaMEas`. */
  readonly sensor_id: string;
  readonly station_id: string;
  /** What is measured: the sensor type of the topic, for example `temperature`. */
  readonly sensor: string;
  readonly state: string;
  readonly city: string;
  readonly sensor_timestamp: number;
  readonly sensor_value: number;
  readonly sensor_value_smoothed?: number;
  readonly direction?: number;
  /** Identity given by the device, when it keeps one: see `eventId`. */
  readonly device_id?: string;
  readonly boot_id?: string;
  readonly sequence?: number;
}
