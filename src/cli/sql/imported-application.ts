import type { InputSchema, ReferenceDataSource } from '../../streaming-sql/index.ts';

/** An application of Kinesis Data Analytics for SQL, from whatever described it. */
export interface ImportedApplication {
  readonly name: string;
  readonly code: string;
  readonly input: InputSchema;
  /** ARN, or logical ID in the template, of the source stream. */
  readonly source: string;
  readonly outputs: readonly ImportedOutput[];
  readonly references: readonly ImportedReference[];
  /** What the service did and this project does otherwise or not at all. */
  readonly notes: readonly string[];
}

export interface ImportedOutput {
  /** The in-application stream. */
  readonly from: string;
  /** ARN, or logical ID in the template, of the Kinesis stream; absent for other destinations. */
  readonly stream?: string;
}

export interface ImportedReference {
  readonly table: string;
  readonly format: 'CSV' | 'JSON';
  /** `s3://bucket/key`, where it is known. */
  readonly object?: string;
}

/** The parts of an application, under the names of whichever API or resource they came from. */
export interface ApplicationParts {
  readonly name: string;
  readonly code: unknown;
  readonly inputs: readonly Part[];
  readonly outputs: readonly Part[];
  readonly references: readonly Part[];
}

export type Part = Readonly<Record<string, unknown>>;

/** An answer that holds no application, or one that cannot be carried over; one sentence. */
export class ImportError extends Error {
  override readonly name = 'ImportError';
}

/** Puts the parts together. @throws ImportError when the code or the input is missing */
export function assembleApplication(parts: ApplicationParts): ImportedApplication {
  const { name, inputs, outputs, references } = parts;
  const [input] = inputs;
  const code = textOf(parts.code);
  if (code === undefined || code.trim() === '')
    throw new ImportError(`Cannot import application '${name}': its code is no plain text, resolve it first`);
  if (input === undefined)
    throw new ImportError(`Cannot import application '${name}': it has no input, its schema is needed`);
  return {
    name,
    code: `${code.trimEnd()}\n`,
    input: inputSchemaOf(input, references),
    source: referenceTo(partOf(input, 'KinesisStreamsInput').ResourceARN),
    outputs: outputs.map(outputOf),
    references: references.map(referenceOf),
    notes: [...inputNotes(input, inputs.length), ...outputs.flatMap(outputNotes)],
  };
}

function inputSchemaOf(input: Part, references: readonly Part[]): InputSchema {
  const { NamePrefix, InputSchema: schema, InputParallelism: parallelism } = input;
  return {
    NamePrefix: textOf(NamePrefix) ?? 'SOURCE_SQL_STREAM',
    InputSchema: schema as InputSchema['InputSchema'],
    ...(isPart(parallelism) &&
      Number(parallelism.Count ?? 1) > 1 && { InputParallelism: { Count: Number(parallelism.Count) } }),
    ...(references.length > 0 && { ReferenceDataSources: references.map(schemaOfReference) }),
  };
}

function schemaOfReference(reference: Part): ReferenceDataSource {
  return {
    TableName: textOf(reference.TableName) ?? '',
    ReferenceSchema: reference.ReferenceSchema as ReferenceDataSource['ReferenceSchema'],
  };
}

function outputOf(output: Part): ImportedOutput {
  const { ResourceARN } = partOf(output, 'KinesisStreamsOutput');
  return {
    from: textOf(output.Name) ?? '',
    ...(ResourceARN !== undefined && { stream: referenceTo(ResourceARN) }),
  };
}

function referenceOf(reference: Part): ImportedReference {
  const { BucketARN, FileKey } = partOf(reference, 'S3ReferenceDataSource');
  const { ReferenceSchema: schema } = reference;
  const format = isPart(schema) && isPart(schema.RecordFormat) ? schema.RecordFormat.RecordFormatType : 'CSV';
  const [bucket, key] = [textOf(BucketARN), textOf(FileKey)];
  return {
    table: textOf(reference.TableName) ?? '',
    format: format === 'JSON' ? 'JSON' : 'CSV',
    ...(bucket && key && { object: `s3://${bucket.replace(/^arn:[^:]*:s3:::/, '')}/${key}` }),
  };
}

function inputNotes(input: Part, count: number): string[] {
  const notes: readonly (readonly [boolean, string])[] = [
    [count > 1, `only the first of ${count} inputs is carried over`],
    [
      Object.keys(partOf(input, 'KinesisFirehoseInput')).length > 0,
      'its source was a delivery stream, put a Kinesis stream before it',
    ],
    [
      Object.keys(partOf(input, 'InputProcessingConfiguration')).length > 0,
      'its pre-processing function is not called, let a rule or a function before the stream do its work',
    ],
  ];
  return notes.filter(([isSo]) => isSo).map(([, note]) => note);
}

function outputNotes(output: Part): string[] {
  const name = textOf(output.Name) ?? '';
  const other = ['KinesisFirehoseOutput', 'LambdaOutput'].filter(
    (kind) => Object.keys(partOf(output, kind)).length > 0,
  );
  return other.map(
    (kind) =>
      `output "${name}" went to a ${kind.replace('Output', '')}, give it a Kinesis stream that feeds it`,
  );
}

/** A member by its name in a request, or in an answer, where it ends in "Description". */
function partOf(owner: Part, name: string): Part {
  const value = owner[name] ?? owner[`${name}Description`];
  return isPart(value) ? value : {};
}

export function isPart(value: unknown): value is Part {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** A text as it is, or written with Fn::Join or Fn::Sub of nothing but text; undefined for any other value. */
export function textOf(value: unknown): string | undefined {
  if (typeof value === 'string') return value;
  if (!isPart(value)) return undefined;
  const { 'Fn::Join': join, 'Fn::Sub': substitute } = value;
  if (typeof substitute === 'string' && !/\$\{[^!]/.test(substitute))
    return substitute.replaceAll('${!', '${');
  if (!Array.isArray(join)) return undefined;
  const [separator, pieces] = join as [unknown, unknown];
  if (typeof separator !== 'string' || !Array.isArray(pieces)) return undefined;
  const texts = pieces.map(textOf);
  return texts.includes(undefined) ? undefined : texts.join(separator);
}

/** An ARN, or the logical ID that Ref or Fn::GetAtt leads to. */
function referenceTo(value: unknown): string {
  const text = textOf(value);
  if (text !== undefined) return text;
  if (!isPart(value)) return '';
  const { Ref: ref, 'Fn::GetAtt': attribute } = value;
  if (typeof ref === 'string') return ref;
  return String(Array.isArray(attribute) ? attribute[0] : String(attribute ?? '').split('.')[0]);
}
