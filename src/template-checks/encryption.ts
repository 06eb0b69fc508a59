import type { Properties } from '../stack/template.ts';
import type { Check } from './finding.ts';
import { nested } from './template-view.ts';

interface Encrypted {
  readonly type: string;
  readonly about: string;
  readonly isEncrypted: (properties: Properties) => boolean;
}

/** Whatever carries or keeps records at rest. A delivery stream that reads a Kinesis stream is encrypted by that one. */
const TABLE: readonly Encrypted[] = [
  {
    type: 'AWS::Kinesis::Stream',
    about: 'StreamEncryption',
    isEncrypted: (properties) => nested(properties, 'StreamEncryption').EncryptionType === 'KMS',
  },
  {
    type: 'AWS::SNS::Topic',
    about: 'KmsMasterKeyId',
    isEncrypted: ({ KmsMasterKeyId }) => KmsMasterKeyId !== undefined,
  },
  {
    type: 'AWS::SQS::Queue',
    about: 'SqsManagedSseEnabled',
    isEncrypted: (properties) =>
      properties.SqsManagedSseEnabled === true || properties.KmsMasterKeyId !== undefined,
  },
  {
    type: 'AWS::KinesisFirehose::DeliveryStream',
    about: 'DeliveryStreamEncryptionConfigurationInput',
    isEncrypted: (properties) =>
      (properties.DeliveryStreamType ?? 'DirectPut') !== 'DirectPut' ||
      'KeyType' in nested(properties, 'DeliveryStreamEncryptionConfigurationInput'),
  },
  {
    type: 'AWS::RDS::DBCluster',
    about: 'StorageEncrypted',
    isEncrypted: ({ StorageEncrypted }) => StorageEncrypted === true,
  },
];

/** Streams, topics, queues and delivery streams are encrypted at rest (DynamoDB and S3 always are). */
export const encryption: Check = {
  name: 'encryption',
  run: ({ ofType }) =>
    TABLE.flatMap(({ type, about, isEncrypted }) =>
      ofType(type)
        .filter(({ properties }) => !isEncrypted(properties))
        .map(({ id }) => ({ resource: id, about, message: `Cannot keep data unencrypted: set ${about}` })),
    ),
};
