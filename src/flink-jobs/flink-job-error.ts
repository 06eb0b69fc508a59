/** An application that cannot be deployed as a Flink job. */
export class FlinkJobError extends Error {
  override readonly name = 'FlinkJobError';
}
