import type { Catalog, CheckedFrom } from './check-from.ts';
import type { Checker } from './checker.ts';
import type { FromItem } from './syntax.ts';

/** JOIN is refused where it stands. */
export function checkJoin(
  item: FromItem & { kind: 'join' },
  checker: Checker,
  _catalog: Catalog,
  _checkSide: (side: FromItem) => CheckedFrom,
): CheckedFrom {
  return checker.fail(item.start, 'JOIN is not supported by this engine');
}
