import { describe, expect, it } from 'vitest';
import { priceNamed, US_EAST_1 } from './price-sheet.ts';

describe('the price sheet', () => {
  it.each(Object.entries(US_EAST_1.prices))('says where %s comes from, and when', (_, price) => {
    expect(price.usd).toBeGreaterThan(0);
    expect(price.per).toBeGreaterThan(0);
    expect(price.unit).not.toBe('');
    expect(price.source).not.toBe('');
    expect(price.date).toMatch(/^20\d\d(-\d\d(-\d\d)?)?$/);
    expect(['quoted', 'secondary', 'recalled']).toContain(price.confidence);
  });

  it('knows a name or does not', () => {
    expect(priceNamed('s3.storage.GLACIER')).toBe('s3.storage.GLACIER');
    expect(priceNamed('toString')).toBeUndefined();
  });
});
