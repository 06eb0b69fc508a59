import type { Expression } from '../plan.ts';
import { columnNames, columnsOf, distinct, isColumnSink, narrow, type TakeColumns } from './column-sink.ts';
import { compileExpression, type EvaluationContext } from './expression.ts';
import { generate } from './generate.ts';
import type { RowSink } from './row.ts';

/** How a filter or a projection passes rows on column by column: see {@link ColumnSink}. */
export interface TakeThrough {
  readonly columns: readonly number[];
  readonly take: TakeColumns;
}

/** The way through a filter, where the sink behind it takes columns. */
export function takeFiltered(
  predicate: Expression,
  next: RowSink,
  context: EvaluationContext,
): TakeThrough | undefined {
  if (!isColumnSink(next)) return undefined;
  const used = distinct(columnsOf(predicate));
  const columns = distinct([...used, ...next.columns]);
  const take = generate<TakeColumns>(
    { next: next.take, passes: compileExpression(narrow(predicate, used), context) },
    `(${parametersOf(columns)}) => {
      let passed;
      try { passed = passes([${columnNames(used).join(', ')}], rowtime); } catch { return false; }
      return passed !== true || next(${parametersOf(next.columns)});
    }`,
  );
  return { columns, take };
}

/** The way through a projection. Items are computed even where nobody wants them: they may fail. */
export function takeProjected(
  items: readonly Expression[],
  next: RowSink,
  context: EvaluationContext,
): TakeThrough | undefined {
  if (!isColumnSink(next)) return undefined;
  const computed = items.flatMap((item, at) => (item.kind === 'column' ? [] : [{ item, at }]));
  const used = distinct(computed.flatMap(({ item }) => columnsOf(item)));
  const passed = next.columns.flatMap((at) => (items[at]!.kind === 'column' ? columnsOf(items[at]!) : []));
  const columns = distinct([...used, ...passed]);
  const evaluate = computed.map(({ item }) => compileExpression(narrow(item, used), context));
  const steps = computed.map(({ at }, i) => `i${at} = evaluate[${i}](row, rowtime);`);
  const values = next.columns.map((at) => {
    const item = items[at]!;
    return item.kind === 'column' ? `c${item.index}` : `i${at}`;
  });
  const compute = `let ${computed.map(({ at }) => `i${at}`).join(', ')};
    const row = [${columnNames(used).join(', ')}];
    try { ${steps.join('\n')} } catch { return false; }`;
  const take = generate<TakeColumns>(
    { next: next.take, evaluate },
    `(${parametersOf(columns)}) => {
      ${computed.length > 0 ? compute : ''}
      return next(${['rowtime', ...values].join(', ')});
    }`,
  );
  return { columns, take };
}

function parametersOf(columns: readonly number[]): string {
  return ['rowtime', ...columnNames(columns)].join(', ');
}
