import { FirehoseDelivery } from '../../src/local/firehose/firehose-delivery.ts';
import type { Ledger } from '../../src/local/ledger.ts';
import type { DurableLog } from '../../src/local/log/durable-log.ts';
import type { KinesisStream } from '../../src/local/log/kinesis-stream.ts';
import type { S3BucketStore } from '../../src/local/s3/s3-bucket-store.ts';
import { ACCOUNT } from './function-environment.ts';
import type { SimulatedAws } from './simulated-aws.ts';
import type { FirehoseOptions } from './world-options.ts';

export const DELIVERY_STREAM = 'raw';
export const DELIVERY_STAGE = 'delivery raw';
export const DELIVERY_BUCKET = 'deliveries';
const PREFIX = 'raw/!{timestamp:yyyy/MM/dd/}';

export interface DeliveryStreamOptions {
  readonly settings: FirehoseOptions;
  readonly readings: KinesisStream;
  readonly log: DurableLog;
  readonly ledger: Ledger;
  readonly aws: SimulatedAws;
  readonly nowMillis: () => number;
  readonly report: (text: string) => void;
}

/** The delivery stream of a world, into buckets that live and die with the process as the local ones do. */
export function startDeliveryStream(options: DeliveryStreamOptions): FirehoseDelivery {
  const { settings, readings, ledger, aws, report, ...rest } = options;
  const { isDirect, ...buffers } = settings;
  const store: Pick<S3BucketStore, 'put'> = {
    put: async (bucket, key, body) => {
      await aws.putFile(bucket, key, body as Uint8Array);
      return undefined as never;
    },
  };
  return new FirehoseDelivery({
    ...rest,
    resource: {
      ...buffers,
      logicalId: DELIVERY_STREAM,
      name: DELIVERY_STREAM,
      arn: `arn:aws:firehose:us-east-1:${ACCOUNT}:deliverystream/${DELIVERY_STREAM}`,
      bucketName: DELIVERY_BUCKET,
      prefix: PREFIX,
      errorOutputPrefix: 'errors/',
      // What compresses does so in a thread of its own, whose order no seed decides.
      compression: 'UNCOMPRESSED',
      delimiter: '\n',
      sourceStreamArn: isDirect ? undefined : readings.arn,
    },
    ...(!isDirect && { source: readings }),
    store,
    stage: ledger.stage(DELIVERY_STAGE),
    onError: (error) => report(error.message),
  });
}
