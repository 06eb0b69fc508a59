import { registryError } from './registry-error.ts';

/** AWS IoT API reference: the most that a list gives at once, and what it gives when nothing is asked for. */
export const MAX_PAGE = 250;
const DEFAULT_PAGE = 25;

export interface ListPage<Item> {
  readonly items: readonly Item[];
  /** For the next page; absent on the last one. */
  readonly nextToken?: string;
}

/**
 * One page of a list whose keys are in order. The token holds the last key, so a page goes on at the right place also when
 * entries came or went meanwhile.
 * @throws InvalidRequestException for a token that is none
 */
export function pageOf<Item>(
  entries: readonly (readonly [key: string, item: Item])[],
  { limit = DEFAULT_PAGE, token, isDescending = false }: PageRequest,
): ListPage<Item> {
  const ordered = isDescending ? entries.toReversed() : entries;
  const after = token === undefined ? undefined : decodeToken(token);
  const rest =
    after === undefined ? ordered : ordered.filter(([key]) => (isDescending ? key < after : key > after));
  const page = rest.slice(0, limit);
  const last = page.at(-1);
  return {
    items: page.map(([, item]) => item),
    ...(last && rest.length > page.length && { nextToken: Buffer.from(last[0]).toString('base64url') }),
  };
}

export interface PageRequest {
  readonly limit?: number | undefined;
  readonly token?: string | undefined;
  readonly isDescending?: boolean;
}

function decodeToken(token: string): string {
  const key = Buffer.from(token, 'base64url').toString();
  if (key === '' || Buffer.from(key).toString('base64url') !== token)
    throw registryError('InvalidRequestException', 'The token is not one that a list gave');
  return key;
}
