import { randomUUID } from 'node:crypto';
import type { DurableLog } from '../../log/durable-log.ts';
import { KeptMap } from '../../log/kept-map.ts';
import { found, registryError } from './registry-error.ts';
import type { ThingRecord, ThingTypeRecord } from './registry-records.ts';

/** AWS IoT quotas, things: attributes of a thing without and with a type. */
const MAX_ATTRIBUTES = 3;
const MAX_ATTRIBUTES_WITH_TYPE = 50;

export interface ThingChange {
  readonly attributes?: Readonly<Record<string, string>> | undefined;
  /** The other attributes stay. */
  readonly isMerge?: boolean | undefined;
  readonly thingTypeName?: string | undefined;
  readonly removesType?: boolean | undefined;
  readonly expectedVersion?: number | undefined;
}

/** Things and thing types (AWS IoT developer guide, iot-thing-management). */
export class ThingRegistry {
  readonly types: KeptMap<ThingTypeRecord>;
  readonly things: KeptMap<ThingRecord>;
  readonly #thingsOfCertificate = new Map<string, Set<string>>();
  readonly #onChange: (certificateIds: readonly string[]) => void;

  /** @param onChange told of the certificates whose thing changed */
  constructor(log: DurableLog, onChange: (certificateIds: readonly string[]) => void) {
    this.types = new KeptMap(log, 'iot/thing-type/');
    this.things = new KeptMap(log, 'iot/thing/');
    this.#onChange = onChange;
    for (const thing of this.things.values()) this.#index(thing);
  }

  /** @throws ResourceNotFoundException */
  get(thingName: string): ThingRecord {
    return found(this.things.get(thingName), `Thing '${thingName}'`);
  }

  /** Creating the same thing again is no error. @throws ResourceAlreadyExistsException when it is another one */
  create(thingName: string, { attributes = {}, thingTypeName }: ThingChange): ThingRecord {
    const wanted = withoutEmpty(attributes);
    this.#check(wanted, thingTypeName);
    const known = this.things.get(thingName);
    if (known) {
      if (known.thingTypeName === thingTypeName && isSame(known.attributes, wanted)) return known;
      throw registryError(
        'ResourceAlreadyExistsException',
        `Thing '${thingName}' already exists with other attributes or another type`,
      );
    }
    const thing: ThingRecord = {
      thingName,
      thingId: randomUUID(),
      attributes: wanted,
      version: 1,
      certificateIds: [],
      ...(thingTypeName !== undefined && { thingTypeName }),
    };
    this.things.set(thingName, thing);
    return thing;
  }

  /** @throws VersionConflictException when it is not at the expected version */
  update(thingName: string, change: ThingChange): void {
    const thing = this.get(thingName);
    checkVersion(thing, change.expectedVersion);
    const { thingTypeName: oldType, ...rest } = thing;
    const thingTypeName = change.removesType ? undefined : (change.thingTypeName ?? oldType);
    const attributes = change.attributes
      ? withoutEmpty(change.isMerge ? { ...thing.attributes, ...change.attributes } : change.attributes)
      : thing.attributes;
    this.#check(attributes, thingTypeName);
    const version = thing.version + 1;
    this.things.set(thingName, {
      ...rest,
      attributes,
      version,
      ...(thingTypeName !== undefined && { thingTypeName }),
    });
    this.#onChange(thing.certificateIds);
  }

  /** A thing that does not exist is deleted already. @throws InvalidRequestException while certificates are attached */
  delete(thingName: string, expectedVersion?: number): void {
    const thing = this.things.get(thingName);
    if (!thing) return;
    checkVersion(thing, expectedVersion);
    if (thing.certificateIds.length > 0)
      throw registryError(
        'InvalidRequestException',
        `Cannot delete. Thing '${thingName}' is still attached to one or more principals`,
      );
    this.things.delete(thingName);
  }

  attach(thingName: string, certificateId: string): void {
    const thing = this.get(thingName);
    if (thing.certificateIds.includes(certificateId)) return;
    const attached = { ...thing, certificateIds: [...thing.certificateIds, certificateId] };
    this.things.set(thingName, attached);
    this.#index(attached);
    this.#onChange([certificateId]);
  }

  detach(thingName: string, certificateId: string): void {
    const thing = this.get(thingName);
    if (!thing.certificateIds.includes(certificateId))
      throw registryError(
        'ResourceNotFoundException',
        `Certificate '${certificateId}' is not attached to thing '${thingName}'`,
      );
    const certificateIds = thing.certificateIds.filter((each) => each !== certificateId);
    this.things.set(thingName, { ...thing, certificateIds });
    this.#thingsOfCertificate.get(certificateId)?.delete(thingName);
    this.#onChange([certificateId]);
  }

  /** Names of the things that a certificate is attached to. */
  thingsOf(certificateId: string): string[] {
    return [...(this.#thingsOfCertificate.get(certificateId) ?? [])].sort();
  }

  #index({ thingName, certificateIds }: ThingRecord): void {
    for (const certificateId of certificateIds) {
      const names = this.#thingsOfCertificate.get(certificateId) ?? new Set();
      this.#thingsOfCertificate.set(certificateId, names.add(thingName));
    }
  }

  #check(attributes: Readonly<Record<string, string>>, thingTypeName: string | undefined): void {
    if (thingTypeName !== undefined) found(this.types.get(thingTypeName), `Thing type '${thingTypeName}'`);
    const limit = thingTypeName === undefined ? MAX_ATTRIBUTES : MAX_ATTRIBUTES_WITH_TYPE;
    const count = Object.keys(attributes).length;
    if (count > limit)
      throw registryError(
        'InvalidRequestException',
        `A thing ${thingTypeName === undefined ? 'without' : 'with'} a type has at most ${limit} attributes, got ${count}`,
      );
  }
}

function checkVersion({ thingName, version }: ThingRecord, expected: number | undefined): void {
  if (expected !== undefined && expected !== version)
    throw registryError(
      'VersionConflictException',
      `The version of thing '${thingName}' is ${version}, expected was ${expected}`,
    );
}

/** An attribute without a value is removed (AWS IoT API reference, AttributePayload). */
function withoutEmpty(attributes: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(attributes).filter(([, value]) => value !== ''));
}

function isSame(left: Readonly<Record<string, string>>, right: Readonly<Record<string, string>>): boolean {
  const names = Object.keys(left);
  return names.length === Object.keys(right).length && names.every((name) => left[name] === right[name]);
}
