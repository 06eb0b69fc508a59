import type { PayloadFormat } from './payload-format.ts';

/** What a device asks of fleet provisioning. */
export type ProvisioningTopic =
  | { readonly verb: 'create' | 'create-from-csr'; readonly format: PayloadFormat }
  | { readonly verb: 'provision'; readonly format: PayloadFormat; readonly templateName: string };

const CREATE = /^\$aws\/certificates\/(create|create-from-csr)\/(json|cbor)$/;
const PROVISION = /^\$aws\/provisioning-templates\/([0-9A-Za-z_-]{1,36})\/provision\/(json|cbor)$/;

/** AWS IoT developer guide, reserved-topics, fleet provisioning topics: what devices publish to; undefined for any other topic. */
export function parseProvisioningTopic(topic: string): ProvisioningTopic | undefined {
  const [, verb, format] = CREATE.exec(topic) ?? [];
  if (verb !== undefined)
    return { verb: verb as 'create' | 'create-from-csr', format: format as PayloadFormat };
  const [, templateName, payload] = PROVISION.exec(topic) ?? [];
  if (templateName === undefined) return undefined;
  return { verb: 'provision', format: payload as PayloadFormat, templateName };
}

/** Requests carry what nobody else may see, so that they go to no subscriber. */
export function isProvisioningRequest(topic: string): boolean {
  return (
    (topic.startsWith('$aws/certificates/') || topic.startsWith('$aws/provisioning-templates/')) &&
    parseProvisioningTopic(topic) !== undefined
  );
}
