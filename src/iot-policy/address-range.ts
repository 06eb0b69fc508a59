import type { TextMatcher } from './wildcard-pattern.ts';

/**
 * Reads an address or a range in CIDR form, of IPv4 or IPv6.
 * @returns whether an address lies in it; undefined for what is neither
 */
export function parseAddressRange(text: string): TextMatcher | undefined {
  const [address = '', bits, ...rest] = text.split('/');
  const parsed = parseAddress(address);
  if (!parsed || rest.length > 0 || (bits !== undefined && !/^\d{1,3}$/.test(bits))) return undefined;
  const prefix = bits === undefined ? parsed.bits : Number(bits);
  if (prefix > parsed.bits) return undefined;
  const shift = BigInt(parsed.bits - prefix);
  return (candidate) => {
    const other = parseAddress(candidate);
    return other?.bits === parsed.bits && other.value >> shift === parsed.value >> shift;
  };
}

interface Address {
  readonly value: bigint;
  readonly bits: 32 | 128;
}

function parseAddress(text: string): Address | undefined {
  const mapped = /^::ffff:([\d.]+)$/i.exec(text);
  const v4 = parseV4(mapped ? mapped[1]! : text);
  return v4 ?? parseV6(text);
}

function parseV4(text: string): Address | undefined {
  const parts = text.split('.');
  if (parts.length !== 4 || !parts.every((part) => /^\d{1,3}$/.test(part) && Number(part) < 256))
    return undefined;
  return { bits: 32, value: parts.reduce((sum, part) => (sum << 8n) | BigInt(part), 0n) };
}

function parseV6(text: string): Address | undefined {
  const [head = '', tail, ...rest] = text.split('::');
  if (!text.includes(':') || rest.length > 0) return undefined;
  const before = head === '' ? [] : head.split(':');
  const after = tail === undefined || tail === '' ? [] : tail.split(':');
  const missing = 8 - before.length - after.length;
  if (tail === undefined ? missing !== 0 : missing < 1) return undefined;
  const groups = [...before, ...Array<string>(missing).fill('0'), ...after];
  if (!groups.every((group) => /^[\da-f]{1,4}$/i.test(group))) return undefined;
  return { bits: 128, value: groups.reduce((sum, group) => (sum << 16n) | BigInt(`0x${group}`), 0n) };
}
