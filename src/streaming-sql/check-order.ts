import { checkExpression, type Environment } from './check-expression.ts';
import type { Expression, Operator, TumblingWindow } from './plan.ts';
import type { Select, SyntaxExpression } from './syntax.ts';
import { instantWindow, readWindowTerm } from './window-term.ts';

interface OrderContext {
  readonly select: Select;
  readonly env: Environment;
  readonly aliases: ReadonlyMap<string, SyntaxExpression>;
  /** The window of a grouped query: its rows share one ROWTIME and need not wait for another window. */
  readonly grouped?: TumblingWindow;
}

interface OutputRow {
  readonly items: readonly Expression[];
  readonly rowtime: Expression | null;
}

/**
 * The projection of a SELECT with its ORDER BY. A stream can only be ordered by time first (SQL reference, "ORDER BY
 * clause"): rows of one time bucket are held back and come out by the remaining terms.
 */
export function planOrder(input: () => Operator, row: OutputRow, context: OrderContext): Operator {
  const { select, env } = context;
  const [first, ...rest] = select.orderBy;
  const rowtime = row.rowtime === null ? {} : { rowtime: row.rowtime };
  if (first === undefined) return { kind: 'project', input: input(), items: row.items, ...rowtime };
  const time = checkExpression(unalias(first.expression, context), timeEnvironment(env));
  const bucket: TumblingWindow | undefined = readWindowTerm(time);
  if (bucket === undefined || first.descending) {
    return env.checker.fail(
      first.expression.start,
      'ORDER BY on a stream must start with time ascending, write ORDER BY FLOOR(ROWTIME TO SECOND), …',
    );
  }
  const keys = rest.map(({ expression, descending }) => ({
    item: checkExpression(unalias(expression, context), env),
    descending,
  }));
  const width = row.items.length;
  const extended: Operator = {
    kind: 'project',
    input: input(),
    items: [...row.items, ...keys.map(({ item }) => item)],
    ...rowtime,
  };
  if (keys.length === 0) return extended;
  const columns = keys.map(({ item, descending }, index) => ({
    item: { kind: 'column', index: width + index, type: item.type } as const,
    descending,
  }));
  const same = JSON.stringify(bucket) === JSON.stringify(context.grouped);
  const sorted: Operator = {
    kind: 'sort',
    input: extended,
    bucket: same ? instantWindow : bucket,
    keys: columns,
  };
  return {
    kind: 'project',
    input: sorted,
    items: row.items.map((item, index) => ({ kind: 'column', index, type: item.type })),
  };
}

/** The time term is read over the plain row: grouping would already have replaced it by a column. */
function timeEnvironment(env: Environment): Environment {
  return { checker: env.checker, scope: env.scope };
}

function unalias(node: SyntaxExpression, { aliases }: OrderContext): SyntaxExpression {
  const [name] = node.kind === 'name' && node.parts.length === 1 ? node.parts : [];
  return (name === undefined ? undefined : aliases.get(name.value)) ?? node;
}
