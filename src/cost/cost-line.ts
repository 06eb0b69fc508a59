import type { PriceName, PriceSheet } from './price-sheet.ts';

/** A month of a bill: 730 hours. */
export const HOURS_PER_MONTH = 730;
export const SECONDS_PER_MONTH = HOURS_PER_MONTH * 3600;
export const DAYS_PER_MONTH = HOURS_PER_MONTH / 24;
export const GIGABYTE = 1024 ** 3;

/** What is bought in a month, before it has a price. */
export interface Usage {
  readonly price: PriceName;
  /** What it is bought for, in the words of the stack. */
  readonly what: string;
  /** In single units (messages, GB, hours), per month. */
  readonly perMonth: number;
}

/** One line of the bill. */
export interface CostLine {
  readonly service: string;
  readonly what: string;
  /** In `unit`, per month. */
  readonly quantity: number;
  readonly unit: string;
  readonly unitPriceUsd: number;
  readonly price: PriceName;
  /** Where the unit price comes from, when, and how sure it is. */
  readonly source: string;
  readonly perMonthUsd: number;
  /** Of a million readings. */
  readonly perMillionUsd: number;
}

export interface Bill {
  readonly perMillionUsd: number;
  readonly perMonthUsd: number;
  readonly lines: readonly CostLine[];
}

/** A bill of what was used; what comes to nothing is left out. */
export function billOf(usages: readonly Usage[], sheet: PriceSheet, readingsPerSecond: number): Bill {
  const millionsPerMonth = (readingsPerSecond * SECONDS_PER_MONTH) / 1e6;
  const lines = usages
    .filter(({ perMonth }) => perMonth > 0)
    .map((usage) => priceLine(usage, sheet, millionsPerMonth));
  const perMonthUsd = lines.reduce((sum, line) => sum + line.perMonthUsd, 0);
  return { perMillionUsd: perMonthUsd / millionsPerMonth, perMonthUsd, lines };
}

function priceLine({ price, what, perMonth }: Usage, sheet: PriceSheet, millionsPerMonth: number): CostLine {
  const { service, usd, per, unit, source, date, confidence } = sheet.prices[price];
  const quantity = perMonth / per;
  const perMonthUsd = quantity * usd;
  return {
    service,
    what,
    quantity,
    unit,
    unitPriceUsd: usd,
    price,
    source: `${source}, ${date} (${confidence})`,
    perMonthUsd,
    perMillionUsd: perMonthUsd / millionsPerMonth,
  };
}
