import type { CallSyntax, FromItem, Select, Statement, SyntaxExpression, SyntaxFrame } from './syntax.ts';

/** A part of the syntax tree: what kind it is and whatever hangs below it. */
type Node = Readonly<Record<string, unknown>> & { readonly kind: string };
type Describe = (node: never) => readonly string[];

/** Pseudo-columns and ROWTIME, when they are written unquoted. */
const systemColumns: ReadonlySet<string> = new Set(
  'ROWTIME APPROXIMATE_ARRIVAL_TIME SHARD_ID SEQUENCE_NUMBER PARTITION_KEY'.split(' '),
);

const operatorNames: Readonly<Record<string, string>> = { '/': 'division', '||': '||' };

/** What each kind of node is called in a report; kinds that are not listed say nothing of their own. */
const describers: Readonly<Record<string, Describe>> = {
  createStream: () => ['CREATE STREAM'],
  createPump: ({ columns }: { readonly columns: unknown }) => [
    'CREATE PUMP',
    ...(columns === null ? [] : ['INSERT column list']),
  ],
  createFunction: () => ['CREATE FUNCTION'],
  periodTest: () => ['temporal predicate'],
  union: () => ['UNION ALL'],
  values: () => ['VALUES'],
  subquery: () => ['sub-select'],
  tableFunction: ({ name }: { readonly name: { readonly value: string } }) => [name.value],
  select: describeSelect,
  join: describeJoin,
  call: describeCall,
  name: ({ parts }: { readonly parts: readonly { value: string; quoted: boolean }[] }) => {
    const last = parts.at(-1);
    return last !== undefined && !last.quoted && systemColumns.has(last.value) ? [last.value] : [];
  },
  binary: ({ operator }: { readonly operator: string }) => [operatorNames[operator] ?? []].flat(),
  between: () => ['BETWEEN'],
  in: () => ['IN'],
  like: ({ similar }: { readonly similar: boolean }) => [similar ? 'SIMILAR TO' : 'LIKE'],
  is: ({ test }: { readonly test: string }) => [`IS ${test}`],
  isDistinct: () => ['IS DISTINCT FROM'],
  case: () => ['CASE'],
  cast: () => ['CAST'],
  interval: () => ['INTERVAL'],
  intervalOf: () => ['datetime difference'],
};

/** The constructs of the dialect that a statement uses, each once, in the order of the text's structure. */
export function constructsOf(statement: Statement): string[] {
  const found = new Set<string>();
  visit(statement, found);
  return [...found];
}

function visit(value: unknown, found: Set<string>): void {
  if (Array.isArray(value)) {
    for (const item of value) visit(item, found);
    return;
  }
  if (typeof value !== 'object' || value === null) return;
  if (isNode(value)) {
    const describe = Object.hasOwn(describers, value.kind) ? describers[value.kind] : undefined;
    for (const construct of describe?.(value as never) ?? []) found.add(construct);
  }
  for (const child of Object.values(isSelect(value) ? withoutWindowTerms(value, found) : value))
    visit(child, found);
}

function isSelect(value: object): value is Select {
  return isNode(value) && value.kind === 'select';
}

/** The parts of a window term are the window, not a division or a FLOOR of their own. */
function withoutWindowTerms(select: Select, found: Set<string>): object {
  if (select.groupBy.some((term) => timeTerm(term) !== undefined)) found.add('ROWTIME');
  return { ...select, groupBy: select.groupBy.filter((term) => timeTerm(term) === undefined) };
}

function isNode(value: object): value is Node {
  return 'kind' in value && typeof value.kind === 'string';
}

function describeSelect(select: Select): string[] {
  const times = select.groupBy.map(timeTerm).filter((term) => term !== undefined);
  const clauses: readonly (readonly [boolean, string])[] = [
    [select.distinct, 'DISTINCT'],
    [select.where !== null, 'WHERE'],
    [select.groupBy.length > 0, 'GROUP BY'],
    [select.stagger !== null, 'stagger window'],
    [select.having !== null, 'HAVING'],
    [select.windows.length > 0, 'WINDOW'],
    [select.windows.length > 1, 'several named windows'],
    [select.orderBy.length > 0, 'ORDER BY'],
    [times.length > 1, 'two time terms'],
    [
      select.items.some((item) => item.kind === 'expression' && item.alias?.value === 'ROWTIME'),
      'AS ROWTIME',
    ],
  ];
  return [
    ...clauses.filter(([isThere]) => isThere).map(([, name]) => name),
    ...times,
    ...select.windows.map(({ window }) => frameName(window.frame)),
  ];
}

/** How a GROUP BY term that grows with time is written; undefined for any other. */
function timeTerm(term: SyntaxExpression): string | undefined {
  if (term.kind !== 'call') return undefined;
  if (term.name === 'STEP' && mentionsTime(term)) return 'tumbling window (STEP)';
  if (term.name !== 'FLOOR' || term.unit === null) return undefined;
  return contains(term, 'intervalOf') ? 'tumbling window (epoch FLOOR)' : 'tumbling window (FLOOR TO)';
}

/** STEP also rounds plain numbers; only one of an interval is a window. */
function mentionsTime(node: CallSyntax): boolean {
  return contains(node, 'interval') || contains(node, 'intervalOf');
}

function contains(value: unknown, kind: string): boolean {
  if (typeof value !== 'object' || value === null) return false;
  if (isNode(value) && value.kind === kind) return true;
  return Object.values(value).some((child) => contains(child, kind));
}

function frameName(frame: SyntaxFrame | null): string {
  if (frame === null || frame.preceding === 'unbounded') return 'sliding window (UNBOUNDED)';
  return frame.unit === 'range' ? 'sliding window (RANGE)' : 'sliding window (ROWS)';
}

const calledNames: Readonly<Record<string, string>> = { CEILING: 'CEIL', CHARACTER_LENGTH: 'CHAR_LENGTH' };

function describeCall({ name, unit, over, distinct, arguments: given }: CallSyntax): string[] {
  const known = replacesAll(name, given) ? 'REGEX_REPLACE of all' : (calledNames[name] ?? name);
  const called = unit !== null && known !== 'EXTRACT' ? `${known} TO` : known;
  const window = over !== null && 'frame' in over ? [frameName(over.frame)] : [];
  return [called, ...(distinct ? [`${known}(DISTINCT)`] : []), ...window];
}

/** REGEX_REPLACE ( text, pattern, to, 1, 0 ): from the start, every occurrence. */
function replacesAll(name: string, given: readonly SyntaxExpression[]): boolean {
  const [, , , from, occurrence] = given;
  const is = (node: SyntaxExpression | undefined, text: string): boolean =>
    node?.kind === 'number' && node.text === text;
  return name === 'REGEX_REPLACE' && is(from, '1') && is(occurrence, '0');
}

const outerJoins: ReadonlySet<string> = new Set(['left', 'right', 'full']);

/** A join of two streams needs a window; one without any is a look-up in a reference table. */
function describeJoin({ join, left, right }: FromItem & { kind: 'join' }): string[] {
  const frames = [left, right].flatMap((side) =>
    'over' in side && side.over !== null ? [side.over.frame] : [],
  );
  if (frames.length === 0 && left.kind !== 'join')
    return [join === 'cross' ? 'CROSS JOIN' : 'reference join'];
  const byRows = frames.some((frame) => frame?.unit === 'rows');
  return [
    join === 'cross' ? 'CROSS JOIN' : outerJoins.has(join) ? 'outer window join' : 'window join',
    ...(byRows ? ['join window (ROWS)'] : []),
  ];
}
