import type { CheckedFrom, CheckQuery } from './check-from.ts';
import type { Checker } from './checker.ts';
import type { FromItem } from './syntax.ts';

/** TABLE ( function ( CURSOR ( … ), … ) ): none is built yet, so each is refused where it stands. */
export function checkTableFunction(
  item: FromItem & { kind: 'tableFunction' },
  checker: Checker,
  _: CheckQuery,
): CheckedFrom {
  return checker.fail(item.name.start, `Table function "${item.name.value}" is not supported by this engine`);
}
