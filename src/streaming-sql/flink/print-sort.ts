import type { SortPlan } from '../plan.ts';
import { printExpression } from './print-expression.ts';
import { printName } from './print-literal.ts';
import type { PumpPrinter } from './pump-printer.ts';
import { alias, type Rows } from './rows.ts';

/** ORDER BY alone only orders; with a number of rows it is a Window Top-N (Flink documentation, "Window Top-N"). */
export function printSort(plan: SortPlan, input: Rows, printer: PumpPrinter): Rows {
  if (plan.limit === undefined) {
    printer.differ('sorting');
    return input;
  }
  if (plan.input.kind !== 'tumblingAggregate' || input.groupBy.length === 0)
    return printer.refuse('the first rows of a bucket are only known of a window');
  const window = ['window_start', 'window_end'].map(printName);
  const counted = printer.store(input, [...window]);
  const context = printer.over(counted);
  const order = plan.keys.map(({ item, descending }) => {
    const { sql } = printExpression(item, context);
    return `${sql} ${descending ? 'DESC NULLS FIRST' : 'ASC NULLS LAST'}`;
  });
  const place = alias(
    `ROW_NUMBER() OVER (PARTITION BY ${window.join(', ')} ORDER BY ${order.join(', ')})`,
    'PLACE',
  );
  const ranked = printer.store(counted, [...window, place]);
  return { ...ranked, where: [`${printName('PLACE')} <= ${plan.limit}`] };
}
