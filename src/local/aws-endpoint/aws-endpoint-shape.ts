import { AwsError } from './aws-endpoint-error.ts';

/** What a member of a request may be, as AWS's API references state it. */
export type Shape =
  | ({ readonly type: 'string'; readonly enum?: readonly string[]; readonly pattern?: RegExp } & Length)
  | ({ readonly type: 'integer'; readonly min?: number; readonly max?: number } & Member)
  | ({ readonly type: 'blob' } & Length)
  | ({ readonly type: 'list'; readonly of: Shape } & Length)
  | ({ readonly type: 'map'; readonly of: Shape } & Member)
  | ({ readonly type: 'structure'; readonly members: Members } & Member)
  | ({ readonly type: 'timestamp' | 'boolean' } & Member);

export type Members = Readonly<Record<string, Shape>>;

interface Member {
  readonly required?: true;
}

interface Length extends Member {
  readonly minLength?: number;
  readonly maxLength?: number;
}

/**
 * Turns JSON into what the operation takes: base64 into bytes, seconds since the epoch into `Date`. Members that the
 * shape does not name are left out, as AWS does.
 * @throws AwsError SerializationException when a member has another type
 */
export function decodeInput(members: Members, json: unknown): Record<string, unknown> {
  return decode({ type: 'structure', members }, json) as Record<string, unknown>;
}

/** @throws AwsError ValidationException that lists everything wrong with the input */
export function checkInput(members: Members, input: Readonly<Record<string, unknown>>): void {
  const errors = [...structureErrors(members, input, '')];
  if (errors.length === 0) return;
  const count = `${errors.length} validation error${errors.length === 1 ? '' : 's'} detected: `;
  throw new AwsError('ValidationException', count + errors.join('; '));
}

const EXPECTED = {
  string: (value: unknown) => typeof value === 'string',
  blob: (value: unknown) => typeof value === 'string',
  integer: (value: unknown) => Number.isInteger(value),
  boolean: (value: unknown) => typeof value === 'boolean',
  timestamp: (value: unknown) => typeof value === 'number',
  list: Array.isArray,
  structure: isObject,
  map: isObject,
} as const;

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function decode(shape: Shape, value: unknown): unknown {
  if (!EXPECTED[shape.type](value)) {
    const found = Array.isArray(value) ? 'list' : value === null ? 'null' : typeof value;
    throw new AwsError('SerializationException', `${found} can not be converted to ${shape.type}`);
  }
  switch (shape.type) {
    case 'blob':
      return decodeBlob(value as string);
    case 'timestamp':
      return new Date((value as number) * 1000);
    case 'list':
      return (value as unknown[]).map((each) => decode(shape.of, each));
    case 'map':
      return Object.fromEntries(
        Object.entries(value as object).map(([name, each]) => [name, decode(shape.of, each)]),
      );
    case 'structure':
      return decodeMembers(shape.members, value as Record<string, unknown>);
    default:
      return value;
  }
}

function decodeMembers(members: Members, json: Record<string, unknown>): Record<string, unknown> {
  const decoded: Record<string, unknown> = {};
  for (const [name, shape] of Object.entries(members)) {
    const value = Object.hasOwn(json, name) ? json[name] : undefined;
    if (value !== undefined && value !== null) decoded[name] = decode(shape, value);
  }
  return decoded;
}

function decodeBlob(text: string): Buffer {
  const bytes = Buffer.from(text, 'base64');
  if (Math.ceil(bytes.length / 3) * 4 !== text.length)
    throw new AwsError('SerializationException', `'${text.slice(0, 40)}' can not be converted to blob`);
  return bytes;
}

function* structureErrors(
  members: Members,
  value: Readonly<Record<string, unknown>>,
  path: string,
): Iterable<string> {
  for (const [name, shape] of Object.entries(members)) {
    yield* errors(shape, value[name], path + name[0]!.toLowerCase() + name.slice(1));
  }
}

function* errors(shape: Shape, value: unknown, path: string): Iterable<string> {
  if (value === undefined || value === null) {
    if (shape.required) yield failure('null', path, 'Member must not be null');
    return;
  }
  if (shape.type === 'structure') yield* structureErrors(shape.members, value as never, `${path}.`);
  if (shape.type === 'map') {
    for (const [name, each] of Object.entries(value)) yield* errors(shape.of, each, `${path}.${name}.member`);
  }
  if (shape.type === 'integer') yield* rangeErrors(shape, value as number, path);
  if (shape.type === 'string') yield* textErrors(shape, value as string, path);
  if (shape.type === 'string' || shape.type === 'blob' || shape.type === 'list')
    yield* lengthErrors(shape, value as string, path);
  if (shape.type === 'list') {
    for (const [index, each] of (value as unknown[]).entries())
      yield* errors(shape.of, each, `${path}.${index + 1}.member`);
  }
}

function* rangeErrors(shape: Shape & { type: 'integer' }, value: number, path: string): Iterable<string> {
  const { min = -Infinity, max = Infinity } = shape;
  if (value < min) yield failure(value, path, `Member must have value greater than or equal to ${min}`);
  if (value > max) yield failure(value, path, `Member must have value less than or equal to ${max}`);
}

function* textErrors(shape: Shape & { type: 'string' }, value: string, path: string): Iterable<string> {
  if (shape.enum && !shape.enum.includes(value))
    yield failure(value, path, `Member must satisfy enum value set: [${shape.enum.join(', ')}]`);
  if (shape.pattern && !shape.pattern.test(value))
    yield failure(value, path, `Member must satisfy regular expression pattern: ${bare(shape.pattern)}`);
}

function* lengthErrors(shape: Shape & Length, value: { length: number }, path: string): Iterable<string> {
  const { minLength = 0, maxLength = Infinity } = shape;
  const shown = typeof value === 'string' ? value : undefined;
  if (value.length < minLength)
    yield failure(shown, path, `Member must have length greater than or equal to ${minLength}`);
  if (value.length > maxLength)
    yield failure(shown, path, `Member must have length less than or equal to ${maxLength}`);
}

function failure(value: string | number | undefined, path: string, constraint: string): string {
  const shown = value === undefined ? 'Value' : value === 'null' ? 'Value null' : `Value '${value}'`;
  return `${shown} at '${path}' failed to satisfy constraint: ${constraint}`;
}

function bare({ source }: RegExp): string {
  return source.replace(/^\^|\$$/g, '');
}
