import type { RouteResource } from '../../stack/stack.ts';
import { LocalError } from '../local-error.ts';
import { decodePath } from './http-api-event.ts';

/** What decides whether a route is a request's. */
type Route = Pick<RouteResource, 'method' | 'path'>;

export interface RouteMatch<R extends Route = RouteResource> {
  readonly route: R;
  readonly pathParameters: Readonly<Record<string, string>>;
}

interface CompiledRoute<R extends Route> {
  readonly route: R;
  readonly parts: readonly string[];
}

/**
 * Finds the route of a request: the most specific one, that is a literal part before a parameter before a greedy one, and
 * the method itself before `ANY` (API Gateway developer guide, "Create routes for HTTP APIs").
 * @throws LocalError for a path it does not understand
 */
export function compileRoutes<R extends Route>(
  routes: readonly R[],
): (method: string, path: string) => RouteMatch<R> | undefined {
  const compiled = routes.map((route) => ({ route, parts: partsOf(route) })).sort(moreSpecificFirst);
  return (method, path) => {
    const parts = path.split('/').slice(1);
    for (const each of compiled) {
      if (each.route.method !== 'ANY' && each.route.method !== method) continue;
      const pathParameters = matchParts(each.parts, parts);
      if (pathParameters) return { route: each.route, pathParameters };
    }
    return undefined;
  };
}

function partsOf({ method, path }: Route): readonly string[] {
  const parts = path.split('/').slice(1);
  const wrong = parts.some(
    (part, at) =>
      /[{}]/.test(part) && !/^\{\w+\}$/.test(part) && !(isGreedy(part) && at === parts.length - 1),
  );
  if (!path.startsWith('/') || wrong)
    throw new LocalError(
      `Cannot serve route '${method} ${path}': a path is made of /text, /{name} and a last /{name+}`,
    );
  return parts;
}

function matchParts(
  pattern: readonly string[],
  parts: readonly string[],
): Record<string, string> | undefined {
  const parameters: Record<string, string> = Object.create(null);
  for (const [at, part] of pattern.entries()) {
    if (isGreedy(part)) {
      if (at >= parts.length || parts[at] === '') return undefined;
      parameters[part.slice(1, -2)] = decodePath(parts.slice(at).join('/'));
      return parameters;
    }
    const value = parts[at];
    if (value === undefined) return undefined;
    if (!part.startsWith('{')) {
      if (part !== value) return undefined;
    } else if (value === '') return undefined;
    else parameters[part.slice(1, -1)] = decodePath(value);
  }
  return parts.length === pattern.length ? parameters : undefined;
}

function moreSpecificFirst(a: CompiledRoute<Route>, b: CompiledRoute<Route>): number {
  for (let at = 0; at < Math.max(a.parts.length, b.parts.length); at += 1) {
    const difference = rank(a.parts[at]) - rank(b.parts[at]);
    if (difference !== 0) return difference;
  }
  return Number(a.route.method === 'ANY') - Number(b.route.method === 'ANY');
}

function rank(part: string | undefined): number {
  if (part === undefined) return 3;
  if (isGreedy(part)) return 2;
  return part.startsWith('{') ? 1 : 0;
}

function isGreedy(part: string): boolean {
  return /^\{\w+\+\}$/.test(part);
}
