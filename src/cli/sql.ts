import { Command } from 'commander';
import { sqlFlinkCommand } from './sql/flink.ts';
import { sqlImportCommand } from './sql/import.ts';
import { sqlReportCommand } from './sql/report.ts';
import { sqlRunCommand } from './sql/run.ts';

/** `mesonet sql`: streaming SQL applications of the Kinesis Data Analytics dialect, without starting the pipeline. */
export function sqlCommand(): Command {
  const sql = new Command('sql').description(
    'Work with streaming SQL applications of the Kinesis Data Analytics dialect',
  );
  for (const command of [sqlReportCommand(), sqlRunCommand(), sqlFlinkCommand(), sqlImportCommand()])
    sql.addCommand(command);
  return sql;
}
