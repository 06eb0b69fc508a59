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
  override readonly name = 'PublishError';
}

/** A message is larger than the 128 KB that AWS IoT Core takes (AWS IoT Core endpoints and quotas, "Message size"). */
export class PayloadTooLargeError extends DeviceError {
  override readonly name = 'PayloadTooLargeError';
}

/** An option of the simulator has a value that it cannot use. */
export class SimulatorOptionError extends DeviceError {
  override readonly name = 'SimulatorOptionError';
}
