import type { FlinkJob, JobColumn } from './flink-job.ts';
import { printName } from './print-literal.ts';

/** A job as a script to read: what the runner makes as comments, then the statements that it runs as one job. */
export function printScript(job: FlinkJob): string {
  const settings = Object.entries(job.settings).map(([key, value]) => `SET '${key}' = '${value}';`);
  const views = job.views.map(({ sql }) => `${sql};`);
  return `${[header(job), settings.join('\n'), ...views, statementSet(job)].join('\n\n')}\n`;
}

function header({ application, source, functions }: FlinkJob): string {
  const time = source.time.kind === 'arrival' ? 'arrival of the record' : `column "${source.time.column}"`;
  const columns = [
    ...source.columns.map(printColumn),
    ...source.pseudoColumns.map(printName),
    '`ROWTIME` TIMESTAMP(3)',
  ];
  const references = source.reference.flatMap(({ table, columns: own, lookups }) =>
    lookups.map(
      (lookup) =>
        `-- ${lookup.function}(${lookup.keys.map(({ column }) => printName(column)).join(', ')}): rows of ${printName(table)} (${own.map(printColumn).join(', ')})`,
    ),
  );
  return [
    `-- ${application}: Flink SQL 2.2, run by analytics-sql/flink-runner, which makes`,
    ...source.views.map((view) => `-- ${printName(view)} (${columns.join(', ')}), time: ${time}`),
    ...references,
    ...(functions.length === 0 ? [] : [`-- functions ${functions.join(', ')}`]),
  ].join('\n');
}

function printColumn({ name, type }: JobColumn): string {
  return `${printName(name)} ${type}`;
}

/** One job: the rows of every stream to its sink, the failing rows to the error stream. */
function statementSet({ outputs, errors }: FlinkJob): string {
  const inserts = [
    ...outputs.map(({ stream, query }) => `INSERT INTO ${printName(`output.${stream}`)}\n${query};`),
    ...errors.map(
      ({ pump, message, query }) =>
        `-- ${pump}: ${message}\nINSERT INTO ${printName('error_stream')}\n${query};`,
    ),
  ];
  return `EXECUTE STATEMENT SET\nBEGIN\n${inserts.join('\n')}\nEND;`;
}
