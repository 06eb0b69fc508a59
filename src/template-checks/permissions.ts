import type { Check } from './finding.ts';

/** A service may invoke a function only for this stack's own resource (the confused deputy problem). */
export const permissions: Check = {
  name: 'permissions',
  run: ({ ofType }) =>
    ofType('AWS::Lambda::Permission')
      .filter(
        ({ properties }) => properties.SourceArn === undefined && properties.SourceAccount === undefined,
      )
      .map(({ id, properties }) => ({
        resource: id,
        about: String(properties.Principal),
        message: `Cannot let '${properties.Principal}' invoke the function for everybody: set SourceArn`,
      })),
};
