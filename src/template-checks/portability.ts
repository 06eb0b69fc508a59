import type { Check } from './finding.ts';
import { textsIn } from './template-view.ts';

/** What must not stand in a template that any account, region and partition can deploy. */
const FORBIDDEN: readonly (readonly [RegExp, string])[] = [
  [/(?<![\w-])\d{12}(?![\w-])/, 'it holds an account id; use AWS::AccountId'],
  [/\b(AKIA|ASIA)[A-Z0-9]{16}\b/, 'it holds an access key id'],
  [/\barn:aws(-\w+)*:/, 'it names the partition; use AWS::Partition'],
  [
    /\b(us|eu|ap|sa|ca|me|af|il)-(north|south|east|west|central|northeast|southeast|northwest|southwest)-\d\b/,
    'it names a region; use AWS::Region',
  ],
];

/** No account, region, partition or key is written into the template. */
export const portability: Check = {
  name: 'portability',
  run: ({ resources }) =>
    resources.flatMap(({ id, properties }) =>
      textsIn(properties).flatMap((text) =>
        FORBIDDEN.filter(([pattern]) => pattern.test(text)).map(([, reason]) => ({
          resource: id,
          about: text,
          message: `Cannot deploy '${text.slice(0, 80)}' anywhere else: ${reason}`,
        })),
      ),
    ),
};
