import { listOf, numberOf, objectOf, type Properties, textOf } from '../stack/template.ts';
import type { Check } from './finding.ts';
import { nested } from './template-view.ts';

interface StorageClass {
  /** Objects only move to a higher rank (S3 user guide, lifecycle transition waterfall). */
  readonly rank: number;
  /** Days that are billed at least in this class. */
  readonly minimumDays: number;
  /** Days that an object must be old before it may come here. */
  readonly earliestDays: number;
  /** Bytes that are billed at least, or overhead that makes small objects dearer here. */
  readonly minimumBytes: number;
}

const KILOBYTE = 1024;

/** S3 user guide, storage classes: waterfall, minimum storage duration, minimum billable size. */
const CLASSES: Readonly<Record<string, StorageClass>> = {
  STANDARD_IA: { rank: 1, minimumDays: 30, earliestDays: 30, minimumBytes: 128 * KILOBYTE },
  INTELLIGENT_TIERING: { rank: 2, minimumDays: 0, earliestDays: 0, minimumBytes: 128 * KILOBYTE },
  ONEZONE_IA: { rank: 3, minimumDays: 30, earliestDays: 30, minimumBytes: 128 * KILOBYTE },
  GLACIER_IR: { rank: 4, minimumDays: 90, earliestDays: 0, minimumBytes: 128 * KILOBYTE },
  GLACIER: { rank: 5, minimumDays: 90, earliestDays: 0, minimumBytes: 40 * KILOBYTE },
  DEEP_ARCHIVE: { rank: 6, minimumDays: 180, earliestDays: 0, minimumBytes: 40 * KILOBYTE },
};

interface Step {
  readonly name: string;
  readonly days: number;
  readonly storage: StorageClass;
}

interface Problem {
  readonly about: string;
  readonly message: string;
}

/** Lifecycle rules: order of classes and days, minimum durations, small objects, abandoned uploads. */
export const lifecycle: Check = {
  name: 'lifecycle',
  run: ({ ofType }) =>
    ofType('AWS::S3::Bucket').flatMap(({ id, properties }) => {
      const configuration = nested(properties, 'LifecycleConfiguration');
      const rules = listOf(configuration, 'Rules').filter((rule) => rule.Status === 'Enabled');
      return [
        ...rules.flatMap((rule) => ruleProblems(rule)),
        ...rules.flatMap((rule) => smallObjectProblems(rule, configuration)),
        ...abandonedUploads(rules),
      ].map((problem) => ({ resource: id, ...problem }));
    }),
};

function ruleProblems(rule: Properties): Problem[] {
  const about = textOf(rule, 'Id') ?? '';
  const steps = listOf(rule, 'Transitions').map(stepOf);
  const expiration = numberOf(rule, 'ExpirationInDays', Number.POSITIVE_INFINITY);
  const messages = steps.flatMap((step, i) => {
    const next = steps[i + 1];
    const untilDays = next?.days ?? expiration;
    return [
      ...(step.days < step.storage.earliestDays
        ? [
            `Cannot move to ${step.name} after ${step.days} days: S3 allows it from day ${step.storage.earliestDays}`,
          ]
        : []),
      ...(next && (next.days <= step.days || next.storage.rank <= step.storage.rank)
        ? [
            `Cannot move from ${step.name} at day ${step.days} to ${next.name} at day ${next.days}: days and classes must ascend`,
          ]
        : []),
      ...(untilDays > step.days && untilDays - step.days < step.storage.minimumDays
        ? [
            `Cannot leave ${step.name} after ${untilDays - step.days} days without paying for ${step.storage.minimumDays}`,
          ]
        : []),
      ...(expiration <= step.days
        ? [`Cannot move to ${step.name} at day ${step.days}: objects expire at day ${expiration}`]
        : []),
    ];
  });
  return messages.map((message) => ({ about, message }));
}

function stepOf(transition: Properties): Step {
  const name = textOf(transition, 'StorageClass') ?? '';
  const storage = CLASSES[name] ?? { rank: 0, minimumDays: 0, earliestDays: 0, minimumBytes: 0 };
  return { name, days: numberOf(transition, 'TransitionInDays', 0), storage };
}

/** Small objects cost more in a colder class, so a bucket must say what becomes of them. */
function smallObjectProblems(rule: Properties, configuration: Properties): Problem[] {
  const wanted = Math.max(0, ...listOf(rule, 'Transitions').map((each) => stepOf(each).storage.minimumBytes));
  const limit = numberOf(
    rule,
    'ObjectSizeGreaterThan',
    numberOf(objectOf(rule, 'Filter'), 'ObjectSizeGreaterThan', -1),
  );
  if (wanted === 0 || limit >= wanted - 1) return [];
  if (limit < 0 && configuration.TransitionDefaultMinimumObjectSize === 'all_storage_classes_128K') return [];
  return [
    {
      about: textOf(rule, 'Id') ?? '',
      message: `Cannot move objects of any size: below ${wanted} bytes they cost more; set ObjectSizeGreaterThan or TransitionDefaultMinimumObjectSize all_storage_classes_128K`,
    },
  ];
}

function abandonedUploads(rules: readonly Properties[]): Problem[] {
  if (rules.length === 0 || rules.some((rule) => 'AbortIncompleteMultipartUpload' in rule)) return [];
  return [
    {
      about: 'AbortIncompleteMultipartUpload',
      message:
        'Cannot find abandoned uploads: no rule has AbortIncompleteMultipartUpload, and they are billed',
    },
  ];
}
