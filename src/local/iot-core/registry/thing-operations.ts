import { randomUUID } from 'node:crypto';
import type { RestOperation } from '../../aws-endpoint/aws-endpoint-rest.ts';
import type { Members, Shape } from '../../aws-endpoint/aws-endpoint-shape.ts';
import type { DeviceRegistry } from './device-registry.ts';
import { certificateIdOf, iotArn } from './iot-arns.ts';
import { MAX_PAGE, pageOf } from './list-page.ts';
import { found, registryError } from './registry-error.ts';
import type { ThingRecord, ThingTypeRecord } from './registry-records.ts';

interface AttributePayload {
  readonly attributes?: Readonly<Record<string, string>>;
  readonly merge?: boolean;
}

const name = { type: 'string', minLength: 1, maxLength: 128, pattern: /^[a-zA-Z0-9:_-]+$/ } as const;
const thingName: Shape = { ...name, required: true };
const thingTypeName: Shape = { ...name, required: true };
const principal: Shape = { type: 'string', required: true };
const attributeValue: Shape = { type: 'string', maxLength: 800, pattern: /^[a-zA-Z0-9_.,@/:#=[\]-]*$/ };
const attributePayload: Shape = {
  type: 'structure',
  members: { attributes: { type: 'map', of: attributeValue }, merge: { type: 'boolean' } },
};
const listing: Members = {
  maxResults: { type: 'integer', min: 1, max: MAX_PAGE },
  nextToken: { type: 'string' },
};
const listingQuery = { maxResults: 'maxResults', nextToken: 'nextToken' };
const expectedVersion: Shape = { type: 'integer', min: 0 };
const ATTRIBUTE_NAME = /^[a-zA-Z0-9_.,@/:#-]{1,128}$/;

/** Things and what is attached to them (AWS IoT API reference, control plane). */
export function thingOperations(registry: DeviceRegistry, nowMillis: () => number): RestOperation[] {
  const { things, certificates, place } = registry;
  const described = (thing: ThingRecord) => ({
    thingName: thing.thingName,
    thingArn: iotArn(place, 'thing', thing.thingName),
    attributes: thing.attributes,
    version: thing.version,
    ...(thing.thingTypeName !== undefined && { thingTypeName: thing.thingTypeName }),
  });
  const arnOf = (certificateId: string): string => iotArn(place, 'cert', certificateId);
  return [
    {
      name: 'CreateThing',
      method: 'POST',
      path: '/things/{thingName}',
      input: { thingName, thingTypeName: name, attributePayload },
      run: async (input: ThingInput) => {
        checkAttributeNames(input.attributePayload);
        const thing = things.create(input.thingName, changeOf(input));
        const { thingName, thingId } = thing;
        return { thingName, thingArn: described(thing).thingArn, thingId };
      },
    },
    {
      name: 'DescribeThing',
      method: 'GET',
      path: '/things/{thingName}',
      input: { thingName },
      run: async ({ thingName }: ThingInput) => {
        const thing = things.get(thingName);
        return { ...described(thing), thingId: thing.thingId, defaultClientId: thingName };
      },
    },
    {
      name: 'UpdateThing',
      method: 'PATCH',
      path: '/things/{thingName}',
      input: {
        thingName,
        thingTypeName: name,
        attributePayload,
        expectedVersion,
        removeThingType: { type: 'boolean' },
      },
      run: async (input: ThingInput) => {
        checkAttributeNames(input.attributePayload);
        things.update(input.thingName, {
          ...changeOf(input),
          expectedVersion: input.expectedVersion,
          removesType: input.removeThingType,
        });
        return {};
      },
    },
    {
      name: 'DeleteThing',
      method: 'DELETE',
      path: '/things/{thingName}',
      query: { expectedVersion: 'expectedVersion' },
      input: { thingName, expectedVersion },
      run: async ({ thingName, expectedVersion }: ThingInput) => {
        things.delete(thingName, expectedVersion);
        return {};
      },
    },
    {
      name: 'ListThings',
      method: 'GET',
      path: '/things',
      query: {
        ...listingQuery,
        thingTypeName: 'thingTypeName',
        attributeName: 'attributeName',
        attributeValue: 'attributeValue',
        usePrefixAttributeValue: 'usePrefixAttributeValue',
      },
      input: {
        ...listing,
        thingTypeName: name,
        attributeName: { type: 'string' },
        attributeValue: { type: 'string' },
        usePrefixAttributeValue: { type: 'boolean' },
      },
      run: async (input: ListThingsInput) => {
        const wanted = things.things.sorted().filter(([, thing]) => isWanted(thing, input));
        const { items, ...rest } = pageOf(wanted, { limit: input.maxResults, token: input.nextToken });
        return { things: items.map(described), ...rest };
      },
    },
    {
      name: 'CreateThingType',
      method: 'POST',
      path: '/thing-types/{thingTypeName}',
      input: {
        thingTypeName,
        thingTypeProperties: {
          type: 'structure',
          members: {
            thingTypeDescription: { type: 'string', maxLength: 2028 },
            searchableAttributes: { type: 'list', of: { type: 'string' }, maxLength: 3 },
          },
        },
      },
      run: async (input: ThingTypeInput) => {
        const type = createType(registry, input, nowMillis());
        return {
          thingTypeName: type.thingTypeName,
          thingTypeId: type.thingTypeId,
          thingTypeArn: iotArn(place, 'thingtype', type.thingTypeName),
        };
      },
    },
    {
      name: 'DescribeThingType',
      method: 'GET',
      path: '/thing-types/{thingTypeName}',
      input: { thingTypeName },
      run: async ({ thingTypeName }: ThingTypeInput) => ({
        ...describedType(found(things.types.get(thingTypeName), `Thing type '${thingTypeName}'`)),
        thingTypeArn: iotArn(place, 'thingtype', thingTypeName),
      }),
    },
    {
      name: 'ListThingTypes',
      method: 'GET',
      path: '/thing-types',
      query: listingQuery,
      input: listing,
      run: async ({ maxResults, nextToken }: ListInput) => {
        const { items, ...rest } = pageOf(things.types.sorted(), { limit: maxResults, token: nextToken });
        return {
          thingTypes: items.map((type) => ({
            ...describedType(type),
            thingTypeArn: iotArn(place, 'thingtype', type.thingTypeName),
          })),
          ...rest,
        };
      },
    },
    {
      name: 'AttachThingPrincipal',
      method: 'PUT',
      path: '/things/{thingName}/principals',
      query: { thingPrincipalType: 'thingPrincipalType' },
      headers: { 'x-amzn-principal': 'principal' },
      // An exclusive attachment would change which client ids a certificate may use, which is not emulated.
      input: {
        thingName,
        principal,
        thingPrincipalType: { type: 'string', enum: ['NON_EXCLUSIVE_THING'] },
      },
      run: async ({ thingName, principal }: PrincipalInput) => {
        things.attach(thingName, certificates.get(certificateIdOf(principal)).certificateId);
        return {};
      },
    },
    {
      name: 'DetachThingPrincipal',
      method: 'DELETE',
      path: '/things/{thingName}/principals',
      headers: { 'x-amzn-principal': 'principal' },
      input: { thingName, principal },
      run: async ({ thingName, principal }: PrincipalInput) => {
        things.detach(thingName, certificateIdOf(principal));
        return {};
      },
    },
    {
      name: 'ListThingPrincipals',
      method: 'GET',
      path: '/things/{thingName}/principals',
      query: listingQuery,
      input: { thingName, ...listing },
      run: async ({ thingName, maxResults, nextToken }: PrincipalInput & ListInput) => {
        const arns = things.get(thingName).certificateIds.map(arnOf).sort();
        const { items, ...rest } = pageOf(
          arns.map((arn) => [arn, arn] as const),
          { limit: maxResults, token: nextToken },
        );
        return { principals: items, ...rest };
      },
    },
    {
      name: 'ListPrincipalThings',
      method: 'GET',
      path: '/principals/things',
      query: listingQuery,
      headers: { 'x-amzn-principal': 'principal' },
      input: { principal, ...listing },
      run: async ({ principal, maxResults, nextToken }: PrincipalInput & ListInput) => {
        const names = things.thingsOf(certificates.get(certificateIdOf(principal)).certificateId);
        const { items, ...rest } = pageOf(
          names.map((each) => [each, each] as const),
          { limit: maxResults, token: nextToken },
        );
        return { things: items, ...rest };
      },
    },
  ];
}

interface ThingInput {
  readonly thingName: string;
  readonly thingTypeName?: string;
  readonly attributePayload?: AttributePayload;
  readonly expectedVersion?: number;
  readonly removeThingType?: boolean;
}

interface ThingTypeInput {
  readonly thingTypeName: string;
  readonly thingTypeProperties?: { thingTypeDescription?: string; searchableAttributes?: readonly string[] };
}

interface PrincipalInput {
  readonly thingName: string;
  readonly principal: string;
}

interface ListInput {
  readonly maxResults?: number;
  readonly nextToken?: string;
}

interface ListThingsInput extends ListInput {
  readonly thingTypeName?: string;
  readonly attributeName?: string;
  readonly attributeValue?: string;
  readonly usePrefixAttributeValue?: boolean;
}

function changeOf({ thingTypeName, attributePayload }: ThingInput) {
  return { thingTypeName, attributes: attributePayload?.attributes, isMerge: attributePayload?.merge };
}

function checkAttributeNames(payload: AttributePayload | undefined): void {
  for (const each of Object.keys(payload?.attributes ?? {}))
    if (!ATTRIBUTE_NAME.test(each))
      throw registryError('InvalidRequestException', `'${each}' is not the name of an attribute`);
}

function isWanted(thing: ThingRecord, input: ListThingsInput): boolean {
  const { thingTypeName, attributeName, attributeValue = '', usePrefixAttributeValue } = input;
  if (thingTypeName !== undefined && thing.thingTypeName !== thingTypeName) return false;
  if (attributeName === undefined) return true;
  const value = Object.hasOwn(thing.attributes, attributeName) ? thing.attributes[attributeName]! : undefined;
  return usePrefixAttributeValue ? (value?.startsWith(attributeValue) ?? false) : value === attributeValue;
}

/** Creating the same type again is no error. */
function createType(
  { things }: DeviceRegistry,
  { thingTypeName, thingTypeProperties = {} }: ThingTypeInput,
  creationMillis: number,
): ThingTypeRecord {
  const { thingTypeDescription: description, searchableAttributes = [] } = thingTypeProperties;
  const known = things.types.get(thingTypeName);
  if (known) {
    if (known.description === description && `${known.searchableAttributes}` === `${searchableAttributes}`)
      return known;
    throw registryError(
      'ResourceAlreadyExistsException',
      `Thing type '${thingTypeName}' already exists with other properties`,
    );
  }
  const type: ThingTypeRecord = {
    thingTypeName,
    thingTypeId: randomUUID(),
    searchableAttributes,
    creationMillis,
    ...(description !== undefined && { description }),
  };
  things.types.set(thingTypeName, type);
  return type;
}

function describedType({
  thingTypeName,
  thingTypeId,
  description,
  searchableAttributes,
  creationMillis,
}: ThingTypeRecord) {
  return {
    thingTypeName,
    thingTypeId,
    thingTypeProperties: { thingTypeDescription: description, searchableAttributes },
    thingTypeMetadata: { deprecated: false, creationDate: new Date(creationMillis) },
  };
}
