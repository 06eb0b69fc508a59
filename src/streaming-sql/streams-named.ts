import type { FromItem, Query } from './syntax.ts';

/** The names that stand in FROM anywhere in a query: streams and reference tables. */
export function streamsNamed(query: Query): string[] {
  if (query.kind === 'union') return [...streamsNamed(query.left), ...streamsNamed(query.right)];
  return query.kind === 'select' ? namedIn(query.from) : [];
}

function namedIn(item: FromItem): string[] {
  switch (item.kind) {
    case 'table':
      return [item.name.value];
    case 'join':
      return [...namedIn(item.left), ...namedIn(item.right)];
    default:
      return streamsNamed(item.query);
  }
}
