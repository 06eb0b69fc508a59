/** Base of every error that `devices/` throws. */
export class DeviceError extends Error {
  override readonly name: string = 'DeviceError';
}

/** The broker could not be reached, or refused the connection, before the first CONNACK. */
export class ConnectError extends DeviceError {
  override readonly name = 'ConnectError';
}

/** A publish could not be accepted because the client already holds as many messages as it may. */
export class QueueFullError extends DeviceError {
  override readonly name = 'QueueFullError';
}

/** The broker refused a publish, or the connection ended before it was acknowledged. */
export class PublishError extends DeviceError {
  override readonly name: string = 'PublishError';
}

/** The broker answered a publish with a reason code that says no (MQTT 5 §3.4.2.1). */
export class PublishRefusedError extends PublishError {
  override readonly name = 'PublishRefusedError';
  readonly reasonCode: number;

  constructor(message: string, reasonCode: number, options?: ErrorOptions) {
    super(message, options);
    this.reasonCode = reasonCode;
  }
}

/** The broker refused a subscription. */
export class SubscribeError extends DeviceError {
  override readonly name = 'SubscribeError';
}

/** The spool cannot be opened, read or written. */
export class SpoolError extends DeviceError {
  override readonly name: string = 'SpoolError';
}

/** The spool holds as much as it may, or the disk does, and the newest reading is refused. */
export class SpoolFullError extends SpoolError {
  override readonly name = 'SpoolFullError';
}

/** The device's clock is off by more than it may, and its readings are refused. */
export class ClockError extends DeviceError {
  override readonly name = 'ClockError';
}

/** A message is larger than the 128 KB that AWS IoT Core takes (AWS IoT Core endpoints and quotas, "Message size"). */
export class PayloadTooLargeError extends DeviceError {
  override readonly name = 'PayloadTooLargeError';
}

/** The credential provider or the API did not give what a device asked. */
export class DeviceApiError extends DeviceError {
  override readonly name = 'DeviceApiError';
  /** Of the answer; undefined when there was none that could be read. */
  readonly status: number | undefined;

  constructor(message: string, status?: number, options?: ErrorOptions) {
    super(message, options);
    this.status = status;
  }
}

/** An option of the simulator has a value that it cannot use. */
export class SimulatorOptionError extends DeviceError {
  override readonly name = 'SimulatorOptionError';
}
