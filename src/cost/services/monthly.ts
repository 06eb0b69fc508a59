import type { Usage } from '../cost-line.ts';
import { type Deployment, resourcesOf } from '../deployment.ts';
import type { PriceName } from '../price-sheet.ts';

/** Resource types that cost the same every month, whatever happens. */
export const MONTHLY: Readonly<Record<string, { readonly price: PriceName; readonly what: string }>> = {
  'AWS::CloudWatch::Alarm': { price: 'cloudwatch.alarms', what: 'alarms' },
  'AWS::CloudWatch::CompositeAlarm': { price: 'cloudwatch.compositeAlarms', what: 'composite alarms' },
  'AWS::CloudWatch::Dashboard': { price: 'cloudwatch.dashboards', what: 'dashboards' },
  'AWS::KMS::Key': { price: 'kms.keys', what: 'own keys' },
};

/** What is charged by the number of resources. */
export function monthlyUsage(deployment: Deployment): Usage[] {
  return Object.entries(MONTHLY).map(([type, { price, what }]) => ({
    price,
    what,
    perMonth: resourcesOf(deployment, type).length,
  }));
}
