import type { Bill, CostLine } from './cost-line.ts';
import type { PriceSheet } from './price-sheet.ts';
import type { CostReport } from './price-stack.ts';

/** Lines below this are put together: USD per million readings. */
const SMALL_USD_PER_MILLION = 0.0005;

/** The report for people: every line, the naive design beside it, and what to know about both. */
export function printCost(report: CostReport, sheet: PriceSheet): string {
  const { readingsPerSecond, devices, naive, warnings, notPriced } = report;
  const ratio = naive.perMillionUsd / report.perMillionUsd;
  return [
    `${number(readingsPerSecond)} readings/s from ${number(devices)} devices, list prices of ${sheet.region} (sheet of ${sheet.date}), no free tier`,
    '',
    ...printBill(report),
    '',
    'The reference design, built plainly',
    '',
    ...printBill(naive),
    '',
    `This stack ${usd(report.perMillionUsd)} per million readings, the reference design ${usd(naive.perMillionUsd)}: ${ratio.toFixed(1)} times as much`,
    '* price to be checked before relying on it; --json has the source and date of each',
    ...warnings.map((warning) => `Note: ${warning}`),
    ...(notPriced.length ? [`Not priced: ${notPriced.join(', ')}`] : []),
  ].join('\n');
}

function printBill({ lines, perMonthUsd, perMillionUsd }: Bill): string[] {
  const rows = [...Map.groupBy(lines, ({ service }) => service)].flatMap(([service, group]) => {
    const large = group.filter((line) => line.perMillionUsd >= SMALL_USD_PER_MILLION);
    const small = group.filter((line) => line.perMillionUsd < SMALL_USD_PER_MILLION);
    return [
      totalRow(service, group),
      ...large.map(lineRow),
      ...(small.length ? [totalRow(`  smaller lines: ${small.length}`, small)] : []),
    ];
  });
  return printTable([
    ['', 'quantity/month', 'unit price', 'USD/month', 'USD/million'],
    ...rows,
    ['Total', '', '', perMonthUsd.toFixed(2), perMillionUsd.toFixed(4)],
  ]);
}

function totalRow(title: string, lines: readonly CostLine[]): string[] {
  const sum = (value: (line: CostLine) => number): number =>
    lines.reduce((total, line) => total + value(line), 0);
  return [title, '', '', sum((l) => l.perMonthUsd).toFixed(2), sum((l) => l.perMillionUsd).toFixed(4)];
}

function lineRow(line: CostLine): string[] {
  const mark = line.source.endsWith('(recalled)') ? '*' : '';
  return [
    `  ${line.what}`,
    `${number(line.quantity)} ${line.unit}`,
    `${line.unitPriceUsd}${mark}`,
    line.perMonthUsd.toFixed(2),
    line.perMillionUsd.toFixed(4),
  ];
}

/** Columns as wide as their widest cell; the first `texts` of them to the left, the others to the right. */
export function printTable(rows: readonly (readonly string[])[], texts = 2): string[] {
  const widths = rows[0]!.map((_, i) => Math.max(...rows.map((row) => row[i]!.length)));
  return rows.map((row) =>
    row
      .map((cell, i) => (i < texts ? cell.padEnd(widths[i]!) : cell.padStart(widths[i]!)))
      .join('  ')
      .trimEnd(),
  );
}

function number(value: number): string {
  return value.toLocaleString('en-US', { maximumFractionDigits: value < 100 ? 2 : 0 });
}

function usd(value: number): string {
  return `${value.toFixed(2)} USD`;
}
