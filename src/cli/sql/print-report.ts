import type { ApplicationReport, StatementReport } from '../../streaming-sql/index.ts';

/** The report for people: a block for each statement, then one line about the whole. */
export function printReport(report: ApplicationReport): string {
  const blocks = report.statements.map((statement) => printStatement(report.file, statement));
  const notes = report.notes.map((note) => `note: ${note}`);
  return `${[...blocks, ...notes, printVerdict(report)].join('\n\n')}\n`;
}

function printStatement(file: string, statement: StatementReport): string {
  const { kind, name, status, line, column, problems, constructs, backEnds } = statement;
  const title = [kind, name === '' ? '' : `"${name}"`].filter((part) => part !== '').join(' ');
  return [
    `${title}  ${status}  ${file}:${line}:${column}`,
    ...problems.map((problem) => `  ${status} ${problem.line}:${problem.column}  ${problem.message}`),
    ...(constructs.length === 0 ? [] : [`  uses    ${constructs.join(', ')}`]),
    ...Object.entries(backEnds).map(
      ([backEnd, { support, reason }]) => `  ${backEnd.padEnd(6)}  ${support.padEnd(10)}  ${reason}`,
    ),
  ].join('\n');
}

function printVerdict({ compiles, statements }: ApplicationReport): string {
  const count = (status: StatementReport['status']): number =>
    statements.filter((statement) => statement.status === status).length;
  const counts = `${count('ok')} ok, ${count('warning')} with warnings, ${count('error')} with errors`;
  return `${compiles ? 'It compiles' : 'It does not compile'}: ${statements.length} statements, ${counts}`;
}
