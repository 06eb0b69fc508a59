/** One metric of an embedded-metric-format document, with everything CloudWatch would keep of it. */
export interface MetricDatum {
  readonly namespace: string;
  readonly name: string;
  /** CloudWatch's unit word, for example `Count` or `Milliseconds`; `None` when the document gives none. */
  readonly unit: string;
  readonly dimensions: Readonly<Record<string, string>>;
  readonly values: readonly number[];
  readonly timestampMillis: number;
  /** The document's other members: searchable in the log, no part of the metric. */
  readonly properties: Readonly<Record<string, unknown>>;
}

export type EmfResult =
  | { readonly kind: 'not-emf' }
  | { readonly kind: 'metrics'; readonly data: readonly MetricDatum[] }
  | { readonly kind: 'refused'; readonly reason: string };

interface Directive {
  readonly Namespace: string;
  readonly Dimensions: readonly (readonly string[])[];
  readonly Metrics: readonly { readonly Name: string; readonly Unit?: string }[];
}

type Document = Readonly<Record<string, unknown>>;

const MAX_DOCUMENT_BYTES = 1024 * 1024;
const MAX_METRICS = 100;
const MAX_DIMENSIONS = 30;
const MAX_VALUES = 100;

/**
 * Reads one log line as an embedded-metric-format document. A line that only looks like one is refused with the reason:
 * CloudWatch would drop its metrics without a word (CloudWatch user guide, embedded metric format specification).
 */
export function parseEmf(line: string): EmfResult {
  if (line.charCodeAt(0) !== 0x7b || !line.includes('"_aws"')) return { kind: 'not-emf' };
  let document: unknown;
  try {
    document = JSON.parse(line);
  } catch {
    return { kind: 'not-emf' };
  }
  const metadata = isObject(document) ? document._aws : undefined;
  if (!isObject(document) || !isObject(metadata) || metadata.CloudWatchMetrics === undefined)
    return { kind: 'not-emf' };
  const reason = refusal(line, metadata);
  if (reason) return { kind: 'refused', reason };
  const data: MetricDatum[] = [];
  for (const directive of metadata.CloudWatchMetrics as readonly Directive[]) {
    const failure = readDirective(directive, document, Number(metadata.Timestamp), data);
    if (failure) return { kind: 'refused', reason: failure };
  }
  return { kind: 'metrics', data };
}

function refusal(line: string, metadata: Document): string | undefined {
  if (Buffer.byteLength(line) > MAX_DOCUMENT_BYTES) return 'the document is larger than 1 MB';
  if (!Number.isFinite(metadata.Timestamp)) return '_aws.Timestamp is not a number';
  if (!Array.isArray(metadata.CloudWatchMetrics)) return '_aws.CloudWatchMetrics is not an array';
  return metadata.CloudWatchMetrics.every(isDirective)
    ? undefined
    : 'a metric directive lacks Namespace, Dimensions or Metrics';
}

function readDirective(
  directive: Directive,
  document: Document,
  timestampMillis: number,
  data: MetricDatum[],
): string | undefined {
  if (directive.Metrics.length > MAX_METRICS) return `a directive has more than ${MAX_METRICS} metrics`;
  const sets = directive.Dimensions.length > 0 ? directive.Dimensions : [[]];
  const properties = propertiesOf(document, directive);
  for (const set of sets) {
    if (set.length > MAX_DIMENSIONS) return `a dimension set has more than ${MAX_DIMENSIONS} keys`;
    const dimensions: Record<string, string> = {};
    for (const key of set) {
      if (typeof document[key] !== 'string') return `dimension "${key}" has no text value`;
      dimensions[key] = document[key];
    }
    for (const { Name, Unit } of directive.Metrics) {
      const values = valuesOf(document[Name]);
      if (!values) return `metric "${Name}" is neither a number nor 1 to ${MAX_VALUES} numbers`;
      const datum = { namespace: directive.Namespace, name: Name, unit: Unit ?? 'None', dimensions };
      data.push({ ...datum, values, timestampMillis, properties });
    }
  }
  return undefined;
}

function propertiesOf(document: Document, directive: Directive): Record<string, unknown> {
  const used = new Set([
    '_aws',
    ...directive.Dimensions.flat(),
    ...directive.Metrics.map(({ Name }) => Name),
  ]);
  return Object.fromEntries(Object.entries(document).filter(([key]) => !used.has(key)));
}

function valuesOf(value: unknown): readonly number[] | undefined {
  const values: unknown[] = Array.isArray(value) ? value : [value];
  const fits = values.length > 0 && values.length <= MAX_VALUES && values.every(Number.isFinite);
  return fits ? (values as number[]) : undefined;
}

function isDirective(value: unknown): value is Directive {
  return (
    isObject(value) &&
    typeof value.Namespace === 'string' &&
    Array.isArray(value.Dimensions) &&
    value.Dimensions.every((set) => Array.isArray(set) && set.every((key) => typeof key === 'string')) &&
    Array.isArray(value.Metrics) &&
    value.Metrics.every((metric) => isObject(metric) && typeof metric.Name === 'string')
  );
}

function isObject(value: unknown): value is Document {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
