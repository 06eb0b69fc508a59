import sheet from './prices-us-east-1.json' with { type: 'json' };

/** The list prices of one region, each with where and when it was read. No free tier, no volume discount, no tax. */
export interface PriceSheet {
  readonly region: string;
  /** When the sheet was put together, `2026-11-21`. */
  readonly date: string;
  readonly prices: Readonly<Record<PriceName, Price>>;
}

export interface Price {
  readonly service: string;
  /** USD for `per` of the unit. */
  readonly usd: number;
  readonly per: number;
  /** What is counted, with its multiple and its rounding: `million messages (5 KB units)`. */
  readonly unit: string;
  /** `quoted`: AWS's own page in 2026; `secondary`: somebody else's article; `recalled`: to be checked before use. */
  readonly confidence: string;
  readonly source: string;
  readonly date: string;
}

export type PriceName = keyof (typeof sheet)['prices'];

/** List prices of us-east-1 (N. Virginia). */
export const US_EAST_1: PriceSheet = sheet;

/** The price of that name when there is one: for names that come out of a template, such as storage classes. */
export function priceNamed(name: string): PriceName | undefined {
  return Object.hasOwn(US_EAST_1.prices, name) ? (name as PriceName) : undefined;
}
