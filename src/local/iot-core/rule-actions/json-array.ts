/**
 * The texts of the elements of an array, given as JSON text; undefined for any other value. Splitting the text keeps
 * every digit of a number, which parsing would not.
 */
export function splitJsonArray(json: string): readonly string[] | undefined {
  const text = json.trim();
  if (!text.startsWith('[')) return undefined;
  const elements: string[] = [];
  let depth = 0;
  let start = 1;
  for (let at = 0; at < text.length; at += 1) {
    const character = text[at]!;
    if (character === '"') at = endOfString(text, at);
    else if (character === '[' || character === '{') depth += 1;
    else if (character === ']' || character === '}') depth -= 1;
    const isEnd = depth === 0;
    if (!isEnd && !(depth === 1 && character === ',')) continue;
    const element = text.slice(start, at).trim();
    if (element !== '') elements.push(element);
    start = at + 1;
  }
  return elements;
}

function endOfString(text: string, from: number): number {
  let at = from + 1;
  while (text[at] !== '"') at += text[at] === '\\' ? 2 : 1;
  return at;
}
