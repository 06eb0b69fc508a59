import type { Check } from './finding.ts';
import { nested } from './template-view.ts';

/** Read by Powertools and not by our code. */
const READ_BY_LIBRARIES = /^POWERTOOLS_/;

/** Each variable that a function's code reads is set, and each that is set is read. */
export const functionVariables: Check = {
  name: 'function-variables',
  run: ({ ofType }, context) =>
    ofType('AWS::Lambda::Function').flatMap(({ id, properties }) => {
      const code = context.functionVariables.get(id);
      if (code === undefined) return [];
      const set = Object.keys(nested(properties, 'Environment', 'Variables'));
      return [
        ...code.required
          .filter((name) => !set.includes(name))
          .map((name) => ({
            resource: id,
            about: name,
            message: `Cannot run without variable '${name}': the code requires it`,
          })),
        ...set
          .filter((name) => !code.read.includes(name) && !READ_BY_LIBRARIES.test(name))
          .map((name) => ({
            resource: id,
            about: name,
            message: `Cannot justify variable '${name}': the code does not read it`,
          })),
      ];
    }),
};
