import { listOf, type Properties } from '../stack/template.ts';
import type { Check } from './finding.ts';
import { nested, oneOrMany, type ResourceView, type TemplateView } from './template-view.ts';

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
    ['BucketPolicy', isTlsOnly(bucket, view), 'requests without TLS are to be denied'],
    ['VersioningConfiguration', isVersioned, 'an overwritten or deleted object is lost'],
    [
      'NoncurrentVersionExpiration',
      !isVersioned || forgetsVersions,
      'old versions are kept and billed for ever',
    ],
    ['DeletionPolicy', deletionPolicy.startsWith('Retain'), 'removing the stack would fail or delete data'],
  ];
}

function isTlsOnly(bucket: ResourceView, view: TemplateView): boolean {
  return view
    .ofType('AWS::S3::BucketPolicy')
    .filter(({ properties }) => view.target(properties.Bucket)?.id === bucket.id)
    .flatMap(({ properties }) => oneOrMany(nested(properties, 'PolicyDocument').Statement) as Properties[])
    .some(
      (statement) =>
        statement.Effect === 'Deny' &&
        oneOrMany(statement.Action).includes('s3:*') &&
        oneOrMany(statement.Resource).length === 2 &&
        String(nested(statement, 'Condition', 'Bool')['aws:SecureTransport']) === 'false',
    );
}
