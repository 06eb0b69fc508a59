import { Source, SqlError } from '../sql/index.ts';
import type { Catalog } from './check-from.ts';
import { defineFunction } from './check-function.ts';
import { Checker } from './checker.ts';
import { compileApplication, planPump, planStream } from './compile-application.ts';
import { judgePumps } from './flink/index.ts';
import { type InputSchema, planInput, planSourceSchema } from './input-schema.ts';
import { type LambdaSource, lambdaSupport } from './lambda-support.ts';
import type { ApplicationPlan, PumpPlan, StreamPlan } from './plan.ts';
import { type RecoveredStatement, recoverStatements } from './recover-statements.ts';
import { constructsOf } from './statement-constructs.ts';
import type { ApplicationReport, StatementReport } from './statement-report.ts';
import { streamsNamed } from './streams-named.ts';
import type { Support } from './support.ts';
import type { CreateFunction, CreatePump, Statement } from './syntax.ts';

export interface ReportOptions {
  readonly file?: string;
  /** Without it, pumps that read the source cannot be checked. */
  readonly input?: InputSchema;
  /** Column that the source stream is partitioned by, where it is known. */
  readonly partitionKey?: string;
}

/**
 * Says of every statement what it uses, what is wrong with it, and how each back end takes it. A statement with an error
 * does not keep the others from being judged.
 * @throws StreamingSqlError when the input schema itself cannot be read
 */
export function reportApplication(sql: string, options: ReportOptions = {}): ApplicationReport {
  const source = new Source(sql, options.file ?? 'application.sql');
  const recovered = recoverStatements(source);
  const context = createContext(source, options);
  const judged = new Map(recovered.map((each) => [each, judgeStream(each, context)]));
  for (const each of recovered)
    if (judged.get(each) === undefined) judged.set(each, judgePump(each, context));
  const statements = recovered.map((each) => judged.get(each)!);
  const failed = statements.some(({ status }) => status === 'error');
  return withApplicationErrors(
    { file: source.name, compiles: !failed, notes: notesOf(options), statements },
    recovered,
    source,
    options.input,
  );
}

interface ReportContext {
  readonly source: Source;
  readonly catalog: Catalog & { readonly streams: StreamPlan[] };
  readonly lambda: LambdaSource | undefined;
  readonly pumpsInto: Map<string, number>;
  readonly functions: CreateFunction[];
}

function createContext(source: Source, { input, partitionKey }: ReportOptions): ReportContext {
  const plan = input === undefined ? undefined : planInput(input);
  const references = (input?.ReferenceDataSources ?? []).map(({ TableName, ReferenceSchema }) => ({
    name: TableName,
    ...planSourceSchema(ReferenceSchema, `reference table "${TableName}"`),
  }));
  const sources = (plan?.streamNames ?? []).map((name) => ({ name, columns: plan?.columns ?? [] }));
  return {
    source,
    catalog: { sources, references, streams: [] },
    lambda: plan && { input: plan, ...(partitionKey === undefined ? {} : { partitionKey }) },
    pumpsInto: new Map(),
    functions: [],
  };
}

function notesOf({ input }: ReportOptions): string[] {
  return input === undefined
    ? [
        'No input schema was given: pumps that read the source or a reference table are not checked against its columns',
      ]
    : [];
}

/** Streams come first: a pump may stand before the stream that it reads or writes. */
function judgeStream(each: RecoveredStatement, context: ReportContext): StatementReport | undefined {
  const { source, catalog, pumpsInto } = context;
  if (each.error !== undefined || each.statement === undefined) return broken(each, each.error, source);
  const { statement } = each;
  if (statement.kind === 'createPump') {
    pumpsInto.set(statement.into.value, (pumpsInto.get(statement.into.value) ?? 0) + 1);
    return undefined;
  }
  const checker = new Checker(source, context.functions);
  if (statement.kind === 'createFunction') {
    return attempt(each, checker, () => {
      defineFunction(statement, checker);
      return alike('native', 'written out where it is called');
    });
  }
  return attempt(each, checker, () => {
    const stream = planStream(statement, checker);
    if (
      [...catalog.sources, ...catalog.references, ...catalog.streams].some(({ name }) => name === stream.name)
    )
      checker.fail(statement.name.start, `Stream "${stream.name}" is declared twice, choose another name`);
    catalog.streams.push(stream);
    return {
      lambda: { support: 'native', reason: 'holds no state of its own' },
      flink: { support: 'native', reason: 'a view, and a sink where it is an output' },
    };
  });
}

function judgePump(each: RecoveredStatement, context: ReportContext): StatementReport {
  const { source, catalog, lambda, pumpsInto } = context;
  const checker = new Checker(source, context.functions);
  const pump = each.statement as CreatePump;
  const extra = [
    ...((pumpsInto.get(pump.into.value) ?? 0) > 1 ? ['several pumps into one stream'] : []),
    ...(streamsNamed(pump.query).some((name) => catalog.streams.some((stream) => stream.name === name))
      ? ['chain of pumps']
      : []),
  ];
  const unknown = lambda === undefined ? unknownSource(pump, catalog) : undefined;
  if (unknown !== undefined) return unchecked(each, checker, unknown, extra);
  const plan = () => ({
    lambda: judgeLambda(planPump(pump, checker, catalog), lambda),
    flink: untoldFlink,
  });
  return attempt(each, checker, plan, extra);
}

/** What stands until the whole application is printed for Flink: streams say what their readers can do. */
const untoldFlink: Support = {
  support: 'impossible',
  reason: 'cannot be told before the whole application compiles',
};

function alike(support: Support['support'], reason: string): Judgement {
  return { lambda: { support, reason }, flink: { support, reason } };
}

/** What can be said of a pump whose source has no schema: it can be read, and what it uses. */
function unchecked(
  each: RecoveredStatement,
  checker: Checker,
  unknown: string,
  extra: readonly string[],
): StatementReport {
  const untold = alike('impossible', 'cannot be told without the input schema');
  const report = attempt(each, checker, () => untold, extra);
  const { start } = (each.statement as CreatePump).query;
  const { line, column } = checker.source.locate(start);
  const message = `Not checked: "${unknown}" is not declared here, give its schema with --input`;
  const engine: Support = { support: 'native', reason: 'as far as it can be told without the input schema' };
  return {
    ...report,
    line,
    column,
    status: 'warning',
    message,
    problems: [{ line, column, message }],
    backEnds: { ...report.backEnds, engine },
  };
}

/** A stream that neither this text declares nor a schema describes. */
function unknownSource(pump: CreatePump, { streams }: Catalog): string | undefined {
  return streamsNamed(pump.query).find((name) => !streams.some((stream) => stream.name === name));
}

function judgeLambda(pump: PumpPlan, source: LambdaSource | undefined): Support {
  return lambdaSupport(pump, source ?? { input: { streamNames: [], columns: [] } });
}

/** How the back ends besides the engine take a statement. */
type Judgement = Pick<StatementReport['backEnds'], 'lambda' | 'flink'>;

/** Runs a check; what it throws and warns of becomes the statement's problems. */
function attempt(
  each: RecoveredStatement,
  checker: Checker,
  check: () => Judgement,
  extra: readonly string[] = [],
): StatementReport {
  try {
    const judged = check();
    const constructs = [...constructsOf(each.statement as Statement), ...extra];
    const { line, column } = checker.source.locate(each.start);
    const [first] = checker.warnings;
    return {
      kind: each.kind,
      name: each.name,
      line: first?.line ?? line,
      column: first?.column ?? column,
      status: first === undefined ? 'ok' : 'warning',
      ...(first === undefined ? {} : { message: first.message }),
      problems: checker.warnings,
      constructs,
      backEnds: {
        engine: { support: 'native', reason: 'the same statement' },
        ...judged,
      },
    };
  } catch (error) {
    if (!(error instanceof SqlError)) throw error;
    return { ...broken(each, error, checker.source), constructs: constructsOf(each.statement as Statement) };
  }
}

function broken(each: RecoveredStatement, error: SqlError | undefined, source: Source): StatementReport {
  const { line, column } = source.locate(error?.offset ?? each.start);
  const message = error?.reason ?? 'Statement cannot be read';
  const support: Support = { support: 'impossible', reason: `it does not compile: ${message}` };
  return {
    kind: each.kind,
    name: each.name,
    line,
    column,
    status: 'error',
    message,
    problems: [{ line, column, message }],
    constructs: [],
    backEnds: { engine: support, lambda: support, flink: support },
  };
}

/** What only shows when all statements stand together: no pump at all, pumps in a circle, a name that is taken. */
function withApplicationErrors(
  report: ApplicationReport,
  recovered: readonly RecoveredStatement[],
  source: Source,
  input: InputSchema | undefined,
): ApplicationReport {
  if (!report.compiles) return report;
  if (!report.statements.some(({ kind }) => kind === 'CREATE PUMP')) {
    const note = 'Application has no pump, add CREATE OR REPLACE PUMP … AS INSERT INTO …';
    return { ...report, compiles: false, notes: [...report.notes, note] };
  }
  if (input === undefined) return report;
  try {
    const plan = compileApplication(source.text, { input, file: source.name });
    return { ...report, statements: withFlink(report.statements, plan) };
  } catch (error) {
    if (!(error instanceof SqlError)) throw error;
    const at = recovered.findLastIndex(({ start }) => start <= error.offset);
    const statements = report.statements.map((each, index) =>
      index === at ? { ...broken(recovered[at]!, error, source), constructs: each.constructs } : each,
    );
    return { ...report, compiles: false, statements };
  }
}

/** Flink's part comes from the printer itself: a pump is what its statements are. */
function withFlink(statements: readonly StatementReport[], plan: ApplicationPlan): StatementReport[] {
  const judged = judgePumps(plan);
  return statements.map((each) => {
    if (each.kind !== 'CREATE PUMP') return each;
    const flink = judged.get(each.name) ?? { support: 'native', reason: 'it is STOPPED and gives no rows' };
    return { ...each, backEnds: { ...each.backEnds, flink } };
  });
}
