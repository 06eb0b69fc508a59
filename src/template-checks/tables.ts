import type { Check } from './finding.ts';
import { nested } from './template-view.ts';

/** Tables are paid by request and can be restored to any second. */
export const tables: Check = {
  name: 'tables',
  run: ({ ofType }) =>
    ofType('AWS::DynamoDB::Table').flatMap(({ id, properties }) => [
      ...(properties.BillingMode === 'PAY_PER_REQUEST'
        ? []
        : [
            {
              resource: id,
              about: 'BillingMode',
              message: `Cannot pay for idle capacity of '${id}': set PAY_PER_REQUEST`,
            },
          ]),
      ...(nested(properties, 'PointInTimeRecoverySpecification').PointInTimeRecoveryEnabled === true
        ? []
        : [
            {
              resource: id,
              about: 'PointInTimeRecoverySpecification',
              message: `Cannot restore '${id}': enable point-in-time recovery`,
            },
          ]),
    ]),
};
