import type { ReadingContext } from './read-stack.ts';
import { named } from './resource-names.ts';
import { objectOf, type Properties, textOf } from './template.ts';

/** CloudFormation template reference, AWS::IoT::ProvisioningTemplate. */
export function readProvisioningTemplate(
  logicalId: string,
  properties: Properties,
  { draft, ...context }: ReadingContext,
): void {
  const description = textOf(properties, 'Description');
  const hook = objectOf(properties, 'PreProvisioningHook');
  const targetArn = textOf(hook, 'TargetArn');
  draft.provisioningTemplates.push({
    ...named(logicalId, context),
    type: textOf(properties, 'TemplateType') === 'JITP' ? 'JITP' : 'FLEET_PROVISIONING',
    body: textOf(properties, 'TemplateBody') ?? '',
    isEnabled: String(properties.Enabled) === 'true',
    roleArn: textOf(properties, 'ProvisioningRoleArn') ?? '',
    ...(description !== undefined && { description }),
    ...(targetArn !== undefined && {
      hook: { targetArn, payloadVersion: textOf(hook, 'PayloadVersion') ?? '2020-04-01' },
    }),
  });
}
