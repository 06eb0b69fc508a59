import { listOf } from '../stack/template.ts';
import type { Check } from './finding.ts';
import { nested, type ResourceView, type TemplateView } from './template-view.ts';
import { isTlsOnly } from './tls-only.ts';

const BLOCKS = ['BlockPublicAcls', 'BlockPublicPolicy', 'IgnorePublicAcls', 'RestrictPublicBuckets'] as const;

/** A bucket: private, TLS only, encrypted, without ACLs, versioned, and not deleted with the stack. */
export const buckets: Check = {
  name: 'buckets',
  run: (view) =>
    view.ofType('AWS::S3::Bucket').flatMap((bucket) =>
      bucketFacts(bucket, view)
        .filter(([, isRight]) => !isRight)
        .map(([about, , reason]) => ({
          resource: bucket.id,
          about,
          message: `Cannot leave ${about} as it is: ${reason}`,
        })),
    ),
};

function bucketFacts(
  bucket: ResourceView,
  view: TemplateView,
): readonly (readonly [string, boolean, string])[] {
  const { properties, deletionPolicy } = bucket;
  const blocked = nested(properties, 'PublicAccessBlockConfiguration');
  const encryption = listOf(nested(properties, 'BucketEncryption'), 'ServerSideEncryptionConfiguration');
  const owner = listOf(nested(properties, 'OwnershipControls'), 'Rules')[0]?.ObjectOwnership;
  const isVersioned = nested(properties, 'VersioningConfiguration').Status === 'Enabled';
  const rules = listOf(nested(properties, 'LifecycleConfiguration'), 'Rules');
  const forgetsVersions = rules.some(
    (rule) => 'NoncurrentVersionExpiration' in rule || 'NoncurrentVersionExpirationInDays' in rule,
  );
  return [
    [
      'PublicAccessBlockConfiguration',
      BLOCKS.every((name) => blocked[name] === true),
      'all four blocks of public access are wanted',
    ],
    ['BucketEncryption', encryption.length > 0, 'say how objects are encrypted'],
    ['OwnershipControls', owner === 'BucketOwnerEnforced', 'access control lists are to be off'],
    [
      'BucketPolicy',
      isTlsOnly(view, { type: 'AWS::S3::BucketPolicy', member: 'Bucket', id: bucket.id, action: 's3:*' }),
      'requests without TLS are to be denied',
    ],
    ['VersioningConfiguration', isVersioned, 'an overwritten or deleted object is lost'],
    [
      'NoncurrentVersionExpiration',
      !isVersioned || forgetsVersions,
      'old versions are kept and billed for ever',
    ],
    ['DeletionPolicy', deletionPolicy.startsWith('Retain'), 'removing the stack would fail or delete data'],
  ];
}
