/** A plain decimal number, or NaN: Number alone would take '', '0x10' and ' 1 '. */
export function decimal(text: string): number {
  return /^[+-]?(\d+(\.\d*)?|\.\d+)(e[+-]?\d+)?$/i.test(text) ? Number(text) : Number.NaN;
}
