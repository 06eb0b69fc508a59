import type { GroupRankPlan, HotspotsPlan, RandomCutForestPlan } from '../table-function-plan.ts';
import type { FunctionName } from './flink-functions.ts';
import { processId } from './print-held-window.ts';
import { printDouble, printText } from './print-literal.ts';
import type { Printed } from './printed.ts';
import type { PumpPrinter } from './pump-printer.ts';
import { type Rows, uniqueNames } from './rows.ts';

const SEPARATOR = '\u001f';

/** RANDOM_CUT_FOREST and its form with explanation. */
export function printForest(plan: RandomCutForestPlan, input: Rows, printer: PumpPrinter): Rows {
  const { columns, numberOfTrees, subSampleSize, timeDecay, shingleSize, explanation } = plan;
  printer.differ('forest');
  const outputs =
    explanation === 'none'
      ? [double('ANOMALY_SCORE')]
      : [double('ANOMALY_SCORE'), text('ANOMALY_EXPLANATION')];
  return callProcess('MESONET_RANDOM_CUT_FOREST', input, outputs, printer, (rows) => ({
    columns: printText(columns.map(({ index }) => rows.names[index] ?? '').join(SEPARATOR)),
    trees: String(numberOfTrees),
    sample: String(subSampleSize),
    decay: String(timeDecay),
    shingle: String(shingleSize),
    explanation: printText(explanation),
  }));
}

export function printHotspots(plan: HotspotsPlan, input: Rows, printer: PumpPrinter): Rows {
  const { columns, windowSize, scanRadius, minimumPoints } = plan;
  return callProcess('MESONET_HOTSPOTS', input, [text('HOTSPOTS_RESULT')], printer, (rows) => ({
    columns: printText(columns.map(({ index }) => rows.names[index] ?? '').join(SEPARATOR)),
    window_size: String(windowSize),
    scan_radius: printDouble(scanRadius),
    minimum_points: String(minimumPoints),
  }));
}

export function printGroupRank(plan: GroupRankPlan, input: Rows, printer: PumpPrinter): Rows {
  const { column, descending, outputOrder, limit = 0 } = plan;
  const rank: Printed = {
    ...text('GROUP_RANK'),
    type: { name: 'INTEGER' },
    flink: 'INT',
    magnitude: 2_147_483_647,
  };
  printer.differ('order');
  return callProcess('MESONET_GROUP_RANK', input, [rank], printer, (rows) => ({
    column_name: printText(rows.names[column] ?? ''),
    descending: descending ? 'TRUE' : 'FALSE',
    output_order: printText(outputOrder),
    maximum: String(limit),
  }));
}

const double = (name: string): Printed => ({
  sql: `\`${name}\``,
  type: { name: 'DOUBLE' },
  flink: 'DOUBLE',
  atom: true,
});
const text = (name: string): Printed => ({
  sql: `\`${name}\``,
  type: { name: 'VARCHAR', length: 65_534 },
  flink: 'STRING',
  atom: true,
});

/** A process table function over all rows in the order of time; its results are columns behind the row. */
function callProcess(
  name: FunctionName,
  input: Rows,
  outputs: readonly Printed[],
  printer: PumpPrinter,
  argumentsOf: (rows: Rows) => Readonly<Record<string, string>>,
): Rows {
  const rows = printer.table(input);
  const attribute = printer.attribute(rows, name);
  printer.use(name);
  printer.differ('delay');
  const given = Object.entries(argumentsOf(rows)).map(([key, value]) => `${key} => ${value}`);
  const all = [
    `input => TABLE ${rows.from}`,
    ...given,
    `on_time => DESCRIPTOR(${attribute})`,
    `uid => ${processId(printer)}`,
  ];
  return printer.store({
    ...rows,
    from: `${name}(${all.join(', ')})`,
    isTable: false,
    columns: [...rows.columns, ...outputs],
    names: uniqueNames([...rows.names, ...outputs.map((_, index) => `result_${index + 1}`)]),
    time: { ...rows.time, attribute: '`rowtime`' },
  });
}
