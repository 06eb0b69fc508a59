/**
 * A pattern for the whole numbers from `least` to `most`, both written in digits. Where both have as many digits, so
 * have the numbers; else leading zeros are allowed.
 */
export function numberInterval(least: string, most: string): string {
  if (least.length === most.length) return `(?:${sameLength(least, most).join('|')})`;
  const [from, to] = [strip(least), strip(most)];
  const alternatives: string[] = [];
  for (let digits = from.length; digits <= to.length; digits++) {
    const low = digits === from.length ? from : `1${'0'.repeat(digits - 1)}`;
    const high = digits === to.length ? to : '9'.repeat(digits);
    alternatives.push(...sameLength(low, high));
  }
  return `0*(?:${alternatives.join('|')})`;
}

function strip(digits: string): string {
  return digits.replace(/^0+(?=.)/, '');
}

/** Numbers of one length: by their first digit, the first and the last of which bound the rest. */
function sameLength(least: string, most: string): string[] {
  if (least === '') return [''];
  const [first, last] = [Number(least[0]), Number(most[0])];
  const [lowRest, highRest] = [least.slice(1), most.slice(1)];
  if (first === last) return sameLength(lowRest, highRest).map((rest) => `${first}${rest}`);
  const any = `[0-9]{${lowRest.length}}`;
  const middle = last - first > 1 ? [`[${first + 1}-${last - 1}]${any}`] : [];
  return [
    ...sameLength(lowRest, '9'.repeat(lowRest.length)).map((rest) => `${first}${rest}`),
    ...middle,
    ...sameLength('0'.repeat(highRest.length), highRest).map((rest) => `${last}${rest}`),
  ];
}
