import { ProvisioningError } from './provisioning-error.ts';

/** A device to be provisioned. */
export interface DeviceSpec {
  /** Also its client id, and the id of its station. */
  readonly thingName: string;
  readonly typeName?: string;
  readonly attributes: Readonly<Record<string, string>>;
}

/** AWS IoT API reference, CreateThing: names of things and types, and what attributes may hold. */
const NAME = /^[a-zA-Z0-9:_-]{1,128}$/;
const ATTRIBUTE_NAME = /^[a-zA-Z0-9_.,@/:#-]{1,128}$/;
const ATTRIBUTE_VALUE = /^[a-zA-Z0-9_.,@/:#=[\]-]{0,800}$/;
/** AWS IoT quotas, things: attributes without and with a type. */
const MAX_ATTRIBUTES = 3;
const MAX_ATTRIBUTES_WITH_TYPE = 50;
const DIGITS = 4;

/** `PREFIX-0001`, `PREFIX-0002`, …: a larger fleet contains the smaller one. @throws ProvisioningError for a prefix that no name can have */
export function numberedDevices(count: number, prefix: string): DeviceSpec[] {
  const last = nameOf(prefix, count);
  if (!isThingName(last))
    throw new ProvisioningError(
      `Cannot name devices '${last}': a thing's name has 1 to 128 letters, digits, : _ and -`,
    );
  return Array.from({ length: count }, (_, index) => ({
    thingName: nameOf(prefix, index + 1),
    attributes: {},
  }));
}

function nameOf(prefix: string, number: number): string {
  return `${prefix}-${String(number).padStart(DIGITS, '0')}`;
}

/** Whether AWS IoT takes it as the name of a thing. */
export function isThingName(name: string): boolean {
  return NAME.test(name);
}

/**
 * Reads a table of devices: the first line names the columns, `thing_name`, perhaps `type`, and attributes.
 * @param file for error messages
 * @throws ProvisioningError at the first line that cannot be used
 */
export function parseDeviceList(text: string, file: string): DeviceSpec[] {
  const fail = (line: number, problem: string): never => {
    throw new ProvisioningError(`Cannot use line ${line} of '${file}': ${problem}`);
  };
  const [header, ...rows] = parseCsv(text, (line) => fail(line, 'a quoted value does not end'));
  const columns = header?.values.map((each) => each.trim()) ?? [];
  checkColumns(columns, (problem) => fail(1, problem));
  const seen = new Set<string>();
  const devices = rows.map(({ line, values }) => {
    if (values.length !== columns.length)
      fail(line, `it has ${values.length} values, the first line names ${columns.length} columns`);
    const device = deviceOf(columns, values);
    const problem = seen.has(device.thingName)
      ? `thing '${device.thingName}' comes twice`
      : problemOf(device);
    if (problem !== undefined) fail(line, problem);
    seen.add(device.thingName);
    return device;
  });
  if (devices.length === 0) throw new ProvisioningError(`Cannot use '${file}': it names no device`);
  return devices;
}

function checkColumns(columns: readonly string[], fail: (problem: string) => never): void {
  if (!columns.includes('thing_name')) fail(`it names the columns, and 'thing_name' is none of them`);
  const twice = columns.find((name, at) => columns.indexOf(name) < at);
  if (twice !== undefined) fail(`the column '${twice}' comes twice`);
  const bad = columns.find((name) => !ATTRIBUTE_NAME.test(name));
  if (bad !== undefined) fail(`'${bad}' is not the name of an attribute`);
}

function deviceOf(columns: readonly string[], values: readonly string[]): DeviceSpec {
  const cells = columns.map((name, at) => [name, values[at]!.trim()] as const);
  const cell = (wanted: string): string => cells.find(([name]) => name === wanted)?.[1] ?? '';
  const attributes = cells.filter(
    ([name, value]) => name !== 'thing_name' && name !== 'type' && value !== '',
  );
  return {
    thingName: cell('thing_name'),
    ...(cell('type') !== '' && { typeName: cell('type') }),
    attributes: Object.fromEntries(attributes),
  };
}

function problemOf({ thingName, typeName, attributes }: DeviceSpec): string | undefined {
  if (!isThingName(thingName)) return `'${thingName}' cannot be the name of a thing`;
  if (typeName !== undefined && !NAME.test(typeName)) return `'${typeName}' cannot be the name of a type`;
  const bad = Object.entries(attributes).find(([, value]) => !ATTRIBUTE_VALUE.test(value));
  if (bad) return `attribute '${bad[0]}' cannot be '${bad[1]}': letters, digits and _.,@/:#=[]- only`;
  const limit = typeName === undefined ? MAX_ATTRIBUTES : MAX_ATTRIBUTES_WITH_TYPE;
  const count = Object.keys(attributes).length;
  return count > limit
    ? `a thing ${typeName === undefined ? 'without' : 'with'} a type has at most ${limit} attributes, got ${count}`
    : undefined;
}

interface CsvRow {
  readonly line: number;
  readonly values: string[];
}

/** RFC 4180: values may stand in quotes, and then hold commas, line ends and doubled quotes. Empty lines are no rows. */
function parseCsv(text: string, fail: (line: number) => never): CsvRow[] {
  const rows: CsvRow[] = [];
  const cell = /(?:"((?:[^"]|"")*)"|([^",\r\n]*))(,|\r?\n|$)/y;
  let row: CsvRow = { line: 1, values: [] };
  let line = 1;
  cell.lastIndex = text.startsWith('\ufeff') ? 1 : 0;
  while (cell.lastIndex < text.length || row.values.length > 0) {
    const found = cell.exec(text);
    if (!found) return fail(line);
    const [whole, quoted, plain, end] = found;
    row.values.push(quoted?.replaceAll('""', '"') ?? plain!);
    line += whole.split('\n').length - 1;
    if (end === ',') continue;
    if (row.values.length > 1 || row.values[0] !== '') rows.push(row);
    row = { line, values: [] };
  }
  return rows;
}
