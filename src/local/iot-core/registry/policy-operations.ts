import type { RestOperation } from '../../aws-endpoint/aws-endpoint-rest.ts';
import type { Members, Shape } from '../../aws-endpoint/aws-endpoint-shape.ts';
import type { DeviceRegistry } from './device-registry.ts';
import { certificateIdOf, iotArn } from './iot-arns.ts';
import { type ListPage, MAX_PAGE, pageOf } from './list-page.ts';
import type { PolicyRecord, PolicyVersion } from './registry-records.ts';

const policyName: Shape = {
  type: 'string',
  minLength: 1,
  maxLength: 128,
  pattern: /^[\w+=,.@-]+$/,
  required: true,
};
const policyDocument: Shape = { type: 'string', maxLength: 404_600, required: true };
const policyVersionId: Shape = { type: 'string', pattern: /^\d+$/, required: true };
const target: Shape = { type: 'string', required: true };
const listing: Members = {
  marker: { type: 'string' },
  pageSize: { type: 'integer', min: 1, max: MAX_PAGE },
  ascendingOrder: { type: 'boolean' },
};
const listingQuery = { marker: 'marker', pageSize: 'pageSize', isAscendingOrder: 'ascendingOrder' };
const versionPath = '/policies/{policyName}/version/{policyVersionId}';

/** Policies and what they are attached to (AWS IoT API reference, control plane). */
export function policyOperations(registry: DeviceRegistry): RestOperation[] {
  const { policies, certificates, place } = registry;
  const named = (policyName: string) => ({ policyName, policyArn: iotArn(place, 'policy', policyName) });
  return [
    {
      name: 'CreatePolicy',
      method: 'POST',
      path: '/policies/{policyName}',
      input: { policyName, policyDocument },
      run: async ({ policyName, policyDocument }: PolicyInput) => {
        const { versionId } = policies.create(policyName, policyDocument);
        return { ...named(policyName), policyDocument, policyVersionId: versionId };
      },
    },
    {
      name: 'GetPolicy',
      method: 'GET',
      path: '/policies/{policyName}',
      input: { policyName },
      run: async ({ policyName }: PolicyInput) => {
        const policy = policies.get(policyName);
        return {
          ...named(policyName),
          policyDocument: policies.version(policyName, policy.defaultVersionId).document,
          defaultVersionId: policy.defaultVersionId,
          ...datesOf(policy),
        };
      },
    },
    {
      name: 'DeletePolicy',
      method: 'DELETE',
      path: '/policies/{policyName}',
      input: { policyName },
      run: async ({ policyName }: PolicyInput) => {
        registry.deletePolicy(policyName);
        return {};
      },
    },
    {
      name: 'ListPolicies',
      method: 'GET',
      path: '/policies',
      query: listingQuery,
      input: listing,
      run: async (input: ListInput) => {
        const entries = policies.policies.sorted().map(([key]) => [key, named(key)] as const);
        return listed('policies', pageOf(entries, pageRequestOf(input)));
      },
    },
    {
      name: 'CreatePolicyVersion',
      method: 'POST',
      path: '/policies/{policyName}/version',
      query: { setAsDefault: 'setAsDefault' },
      input: { policyName, policyDocument, setAsDefault: { type: 'boolean' } },
      run: async ({ policyName, policyDocument, setAsDefault = false }: PolicyInput) => {
        const { versionId } = policies.createVersion(policyName, policyDocument, setAsDefault);
        return {
          policyArn: named(policyName).policyArn,
          policyDocument,
          policyVersionId: versionId,
          isDefaultVersion: setAsDefault,
        };
      },
    },
    {
      name: 'GetPolicyVersion',
      method: 'GET',
      path: versionPath,
      input: { policyName, policyVersionId },
      run: async ({ policyName, policyVersionId }: PolicyInput) => {
        const version = policies.version(policyName, policyVersionId);
        const policy = policies.get(policyName);
        return {
          ...named(policyName),
          policyDocument: version.document,
          policyVersionId,
          isDefaultVersion: policy.defaultVersionId === policyVersionId,
          ...datesOf(policy),
        };
      },
    },
    {
      name: 'ListPolicyVersions',
      method: 'GET',
      path: '/policies/{policyName}/version',
      input: { policyName },
      run: async ({ policyName }: PolicyInput) => {
        const policy = policies.get(policyName);
        return { policyVersions: policy.versions.map((version) => describedVersion(policy, version)) };
      },
    },
    {
      name: 'SetDefaultPolicyVersion',
      method: 'PATCH',
      path: versionPath,
      input: { policyName, policyVersionId },
      run: async ({ policyName, policyVersionId }: PolicyInput) => {
        policies.setDefault(policyName, policyVersionId);
        return {};
      },
    },
    {
      name: 'DeletePolicyVersion',
      method: 'DELETE',
      path: versionPath,
      input: { policyName, policyVersionId },
      run: async ({ policyName, policyVersionId }: PolicyInput) => {
        policies.deleteVersion(policyName, policyVersionId);
        return {};
      },
    },
    {
      name: 'AttachPolicy',
      method: 'PUT',
      path: '/target-policies/{policyName}',
      input: { policyName, target },
      run: async ({ policyName, target }: PolicyInput) => {
        policies.get(policyName);
        certificates.attachPolicy(certificateIdOf(target), policyName);
        return {};
      },
    },
    {
      name: 'DetachPolicy',
      method: 'POST',
      path: '/target-policies/{policyName}',
      input: { policyName, target },
      run: async ({ policyName, target }: PolicyInput) => {
        policies.get(policyName);
        certificates.detachPolicy(certificateIdOf(target), policyName);
        return {};
      },
    },
    {
      name: 'ListAttachedPolicies',
      method: 'POST',
      path: '/attached-policies/{target}',
      query: { ...listingQuery, recursive: 'recursive' },
      input: { target, recursive: { type: 'boolean' }, ...listing },
      run: async ({ target, ...input }: PolicyInput & ListInput) => {
        const names = certificates.get(certificateIdOf(target)).policyNames.toSorted();
        const entries = names.map((each) => [each, named(each)] as const);
        return listed('policies', pageOf(entries, pageRequestOf(input)));
      },
    },
    {
      name: 'ListTargetsForPolicy',
      method: 'POST',
      path: '/policy-targets/{policyName}',
      query: listingQuery,
      input: { policyName, ...listing },
      run: async ({ policyName, ...input }: PolicyInput & ListInput) => {
        policies.get(policyName);
        const arns = certificates.targetsOf(policyName).map((id) => iotArn(place, 'cert', id));
        const entries = arns.map((arn) => [arn, arn] as const);
        return listed('targets', pageOf(entries, pageRequestOf(input)));
      },
    },
  ];
}

interface PolicyInput {
  readonly policyName: string;
  readonly policyDocument: string;
  readonly policyVersionId: string;
  readonly setAsDefault?: boolean;
  readonly target: string;
}

interface ListInput {
  readonly marker?: string;
  readonly pageSize?: number;
  readonly ascendingOrder?: boolean;
}

function pageRequestOf({ marker, pageSize, ascendingOrder }: ListInput) {
  return { limit: pageSize, token: marker, isDescending: ascendingOrder === false };
}

function listed(member: string, { items, nextToken }: ListPage<unknown>) {
  return { [member]: items, ...(nextToken !== undefined && { nextMarker: nextToken }) };
}

function datesOf({ creationMillis, lastModifiedMillis, defaultVersionId }: PolicyRecord) {
  return {
    creationDate: new Date(creationMillis),
    lastModifiedDate: new Date(lastModifiedMillis),
    generationId: `${lastModifiedMillis}-${defaultVersionId}`,
  };
}

function describedVersion({ defaultVersionId }: PolicyRecord, { versionId, creationMillis }: PolicyVersion) {
  return {
    versionId,
    isDefaultVersion: versionId === defaultVersionId,
    createDate: new Date(creationMillis),
  };
}
