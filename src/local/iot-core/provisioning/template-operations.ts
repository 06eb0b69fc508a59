import type { RestOperation } from '../../aws-endpoint/aws-endpoint-rest.ts';
import type { Members, Shape } from '../../aws-endpoint/aws-endpoint-shape.ts';
import { type IotPlace, iotArn } from '../registry/iot-arns.ts';
import { MAX_PAGE, pageOf } from '../registry/list-page.ts';
import { registryError } from '../registry/registry-error.ts';
import type { AuthorityRegistry } from './authority-registry.ts';
import { MAX_TEMPLATE_CHARACTERS } from './template-body.ts';
import type {
  ProvisioningHook,
  TemplateRecord,
  TemplateStore,
  TemplateType,
  TemplateVersion,
} from './template-store.ts';

export const templateName: Shape = {
  type: 'string',
  minLength: 1,
  maxLength: 36,
  pattern: /^[0-9A-Za-z_-]+$/,
  required: true,
};
const templateBody: Shape = { type: 'string', maxLength: MAX_TEMPLATE_CHARACTERS, required: true };
const roleArn = { type: 'string', minLength: 20, maxLength: 2048 } as const;
const versionId: Shape = { type: 'integer', min: 1, required: true };
const settings: Members = {
  description: { type: 'string', maxLength: 500 },
  enabled: { type: 'boolean' },
  preProvisioningHook: {
    type: 'structure',
    members: {
      targetArn: { type: 'string', maxLength: 2048, pattern: /^arn:[^:]+:lambda:/, required: true },
      payloadVersion: { type: 'string', enum: ['2020-04-01'] },
    },
  },
};
const listing: Members = {
  maxResults: { type: 'integer', min: 1, max: MAX_PAGE },
  nextToken: { type: 'string' },
};
const listingQuery = { maxResults: 'maxResults', nextToken: 'nextToken' };
const templatePath = '/provisioning-templates/{templateName}';
const versionPath = `${templatePath}/versions/{versionId}`;
const PAYLOAD_VERSION = '2020-04-01';

/** Provisioning templates and their versions (AWS IoT API reference, control plane). */
export function templateOperations(
  templates: TemplateStore,
  authorities: AuthorityRegistry,
  place: IotPlace,
): RestOperation[] {
  const named = (templateName: string) => ({
    templateArn: iotArn(place, 'provisioningtemplate', templateName),
    templateName,
  });
  return [
    {
      name: 'CreateProvisioningTemplate',
      method: 'POST',
      path: '/provisioning-templates',
      input: {
        templateName,
        templateBody,
        provisioningRoleArn: { ...roleArn, required: true },
        type: { type: 'string', enum: ['FLEET_PROVISIONING', 'JITP'] },
        ...settings,
      },
      run: async (input: TemplateInput) => {
        const { templateName, templateBody, provisioningRoleArn, type = 'FLEET_PROVISIONING' } = input;
        const { description, enabled = false, preProvisioningHook } = input;
        const { defaultVersionId } = templates.create(templateName, templateBody, {
          type,
          description,
          isEnabled: enabled,
          roleArn: provisioningRoleArn,
          hook: hookOf(preProvisioningHook),
        });
        return { ...named(templateName), defaultVersionId };
      },
    },
    {
      name: 'DescribeProvisioningTemplate',
      method: 'GET',
      path: templatePath,
      input: { templateName },
      run: async ({ templateName }: TemplateInput) => {
        const template = templates.get(templateName);
        return {
          ...summaryOf(template),
          ...named(templateName),
          defaultVersionId: template.defaultVersionId,
          templateBody: templates.version(templateName, template.defaultVersionId).body,
          provisioningRoleArn: template.roleArn,
          preProvisioningHook: template.hook,
        };
      },
    },
    {
      name: 'ListProvisioningTemplates',
      method: 'GET',
      path: '/provisioning-templates',
      query: listingQuery,
      input: listing,
      run: async ({ maxResults: limit, nextToken: token }: ListInput) => {
        const { items, ...rest } = pageOf(templates.templates.sorted(), { limit, token });
        return {
          templates: items.map((each) => ({ ...summaryOf(each), ...named(each.templateName) })),
          ...rest,
        };
      },
    },
    {
      name: 'UpdateProvisioningTemplate',
      method: 'PATCH',
      path: templatePath,
      input: {
        templateName,
        provisioningRoleArn: roleArn,
        defaultVersionId: { type: 'integer', min: 1 },
        removePreProvisioningHook: { type: 'boolean' },
        ...settings,
      },
      run: async (input: TemplateInput) => {
        update(templates, input);
        return {};
      },
    },
    {
      name: 'DeleteProvisioningTemplate',
      method: 'DELETE',
      path: templatePath,
      input: { templateName },
      run: async ({ templateName }: TemplateInput) => {
        templates.get(templateName);
        const users = [...authorities.authorities.values()].filter(
          ({ registrationConfig }) => registrationConfig?.templateName === templateName,
        );
        if (users.length > 0)
          throw registryError(
            'DeleteConflictException',
            `CA certificate '${users[0]!.certificateId}' provisions by template '${templateName}'`,
          );
        templates.delete(templateName);
        return {};
      },
    },
    {
      name: 'CreateProvisioningTemplateVersion',
      method: 'POST',
      path: `${templatePath}/versions`,
      query: { setAsDefault: 'setAsDefault' },
      input: { templateName, templateBody, setAsDefault: { type: 'boolean' } },
      run: async ({ templateName, templateBody, setAsDefault = false }: TemplateInput) => {
        const { versionId } = templates.createVersion(templateName, templateBody, setAsDefault);
        return { ...named(templateName), versionId, isDefaultVersion: setAsDefault };
      },
    },
    {
      name: 'DescribeProvisioningTemplateVersion',
      method: 'GET',
      path: versionPath,
      input: { templateName, versionId },
      run: async ({ templateName, versionId }: TemplateInput) => {
        const version = templates.version(templateName, versionId);
        return { ...versionOf(version, templates.get(templateName)), templateBody: version.body };
      },
    },
    {
      name: 'ListProvisioningTemplateVersions',
      method: 'GET',
      path: `${templatePath}/versions`,
      query: listingQuery,
      input: { templateName, ...listing },
      run: async ({ templateName, maxResults: limit, nextToken: token }: TemplateInput & ListInput) => {
        const template = templates.get(templateName);
        const entries = template.versions.map(
          (version) => [String(version.versionId).padStart(10, '0'), version] as const,
        );
        const { items, ...rest } = pageOf(entries, { limit, token });
        return { versions: items.map((version) => versionOf(version, template)), ...rest };
      },
    },
    {
      name: 'DeleteProvisioningTemplateVersion',
      method: 'DELETE',
      path: versionPath,
      input: { templateName, versionId },
      run: async ({ templateName, versionId }: TemplateInput) => {
        templates.deleteVersion(templateName, versionId);
        return {};
      },
    },
  ];
}

interface TemplateInput {
  readonly templateName: string;
  readonly templateBody: string;
  readonly provisioningRoleArn: string;
  readonly description?: string;
  readonly enabled?: boolean;
  readonly type?: TemplateType;
  readonly preProvisioningHook?: { readonly targetArn: string; readonly payloadVersion?: string };
  readonly removePreProvisioningHook?: boolean;
  readonly defaultVersionId?: number;
  readonly setAsDefault?: boolean;
  readonly versionId: number;
}

interface ListInput {
  readonly maxResults?: number;
  readonly nextToken?: string;
}

function update(templates: TemplateStore, input: TemplateInput): void {
  const { templateName, description, enabled, provisioningRoleArn, defaultVersionId } = input;
  const { preProvisioningHook, removePreProvisioningHook } = input;
  if (defaultVersionId !== undefined) templates.version(templateName, defaultVersionId);
  templates.update(templateName, {
    ...(description !== undefined && { description }),
    ...(enabled !== undefined && { isEnabled: enabled }),
    ...(provisioningRoleArn !== undefined && { roleArn: provisioningRoleArn }),
    ...(defaultVersionId !== undefined && { defaultVersionId }),
    ...(preProvisioningHook !== undefined && { hook: hookOf(preProvisioningHook) }),
    ...(removePreProvisioningHook && { hook: undefined }),
  });
}

function hookOf(hook: TemplateInput['preProvisioningHook']): ProvisioningHook | undefined {
  return hook && { targetArn: hook.targetArn, payloadVersion: hook.payloadVersion ?? PAYLOAD_VERSION };
}

function summaryOf({ description, creationMillis, lastModifiedMillis, isEnabled, type }: TemplateRecord) {
  return {
    description,
    creationDate: new Date(creationMillis),
    lastModifiedDate: new Date(lastModifiedMillis),
    enabled: isEnabled,
    type,
  };
}

function versionOf({ versionId, creationMillis }: TemplateVersion, { defaultVersionId }: TemplateRecord) {
  return {
    versionId,
    creationDate: new Date(creationMillis),
    isDefaultVersion: versionId === defaultVersionId,
  };
}
