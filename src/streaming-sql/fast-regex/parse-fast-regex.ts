import { type FastRegex, quoteText } from './fast-regex-syntax.ts';
import { numberInterval } from './number-interval.ts';

/** A Fast Regex pattern that cannot be read. */
export class FastRegexError extends Error {
  override readonly name = 'FastRegexError';
}

/** SQL reference, "FAST_REGEX_LOG_PARSER", POSIX standard identifiers. */
const named: Readonly<Record<string, string>> = {
  Digit: '[0-9]',
  Upper: '[A-Z]',
  Lower: '[a-z]',
  ASCII: '[\\x00-\\x7F]',
  Alpha: '[A-Za-z]',
  Alnum: '[A-Za-z0-9]',
  Punct: '[!-/:-@\\[-`{-~]',
  Blank: '[ \\t]',
  Space: '[ \\t\\n\\f\\r\\x0B]',
  Cntrl: '[\\x00-\\x1F\\x7F]',
  XDigit: '[0-9a-fA-F]',
  Print: '[!-~]',
  Graph: '[!-~]',
};

/** What RE2 repeats at most. */
const MOST_REPEATS = 1000;
const MOST_NESTING = 50;

/** Reads a pattern of the Fast Regex syntax. @throws FastRegexError at what cannot be read or is not supported */
export function parseFastRegex(text: string): FastRegex {
  const parser = new FastRegexParser(text);
  return parser.parse();
}

class FastRegexParser {
  readonly #text: string;
  #at = 0;
  #depth = 0;

  constructor(text: string) {
    this.#text = text;
  }

  parse(): FastRegex {
    const node = this.#parseUnion();
    if (this.#at < this.#text.length) this.#fail(`"${this.#text[this.#at]}" closes nothing`);
    return node;
  }

  /** Union : Sequence ( | Sequence )* */
  #parseUnion(): FastRegex {
    if (++this.#depth > MOST_NESTING) this.#fail(`groups lie more than ${MOST_NESTING} deep`);
    const items = [this.#parseSequence()];
    while (this.#accept('|')) items.push(this.#parseSequence());
    this.#depth--;
    return items.length === 1 ? items[0]! : { kind: 'union', items };
  }

  /** Sequence : Repeat* */
  #parseSequence(): FastRegex {
    const items: FastRegex[] = [];
    while (this.#at < this.#text.length && !'|)'.includes(this.#text[this.#at]!)) {
      if (this.#text[this.#at] === '&')
        this.#fail('intersection (&) is not supported, write "\\&" for the character');
      items.push(this.#parseRepeat());
    }
    return items.length === 1 ? items[0]! : { kind: 'sequence', items };
  }

  /** Repeat : Simple ( ? | * | + | {n} | {n,} | {n,m} )* */
  #parseRepeat(): FastRegex {
    let item = this.#parseSimple();
    for (;;) {
      if (this.#accept('?')) item = { kind: 'repeat', item, least: 0, most: 1 };
      else if (this.#accept('*')) item = { kind: 'repeat', item, least: 0, most: null };
      else if (this.#accept('+')) item = { kind: 'repeat', item, least: 1, most: null };
      else if (this.#text[this.#at] === '{') item = this.#parseBounds(item);
      else return item;
    }
  }

  #parseBounds(item: FastRegex): FastRegex {
    const [whole, low, comma, high] = this.#match(
      /\{(\d{1,4})(?:(,)(\d{0,4}))?\}/y,
      'write {n}, {n,} or {n,m}',
    );
    const least = Number(low);
    const most = comma === undefined ? least : high === '' ? null : Number(high);
    if (Math.max(least, most ?? 0) > MOST_REPEATS || (most !== null && most < least))
      this.#fail(`repetition ${whole} is out of range, it counts up to ${MOST_REPEATS}`);
    return { kind: 'repeat', item, least, most };
  }

  /** Simple : . | # | @ | "text" | ( Union ) | <name> | <n-m> | [ class ] | \c | c */
  #parseSimple(): FastRegex {
    const character = this.#text[this.#at]!;
    if (character === '(') return this.#parseGroup();
    if (character === '[') return this.#parseClass();
    if (character === '<') return this.#parseNamed();
    if (character === '"') {
      const [, inner = ''] = this.#match(/"([^"]*)"/y, 'a string needs a closing double quote');
      return literal(inner);
    }
    if ('?*+{'.includes(character)) this.#fail(`"${character}" has nothing before it to repeat`);
    if (character === '\\') this.#at++;
    const [symbol] = this.#match(/./suy, 'a backslash needs a character after it');
    return character === '\\' ? literal(symbol) : (symbols[symbol] ?? literal(symbol));
  }

  #parseGroup(): FastRegex {
    this.#at++;
    const item = this.#parseUnion();
    if (!this.#accept(')')) this.#fail('"(" needs a closing ")"');
    return { kind: 'group', item };
  }

  /** [ class ]: characters and ranges; a backslash takes the next character literally. */
  #parseClass(): FastRegex {
    const [, negated, inner = ''] = this.#match(
      /\[(\^?)((?:\\.|[^\\\]])+)\]/sy,
      '"[" needs characters and a closing "]"',
    );
    const classes = inner.replace(/\\(.)|([[&^])/gs, (_, escaped?: string, plain?: string) =>
      quoteText(escaped ?? plain ?? '').replace('&', '\\&'),
    );
    return { kind: 'pattern', pattern: `[${negated}${classes}]`, length: 1 };
  }

  #parseNamed(): FastRegex {
    const [, low, high, name = ''] = this.#match(
      /<(?:(\d{1,9})-(\d{1,9})|(\w+))>/y,
      'write <Digit> or <1-31>',
    );
    if (low !== undefined && high !== undefined) {
      if (Number(low) > Number(high)) this.#fail(`interval <${low}-${high}> is empty`);
      const length = low.length === high.length ? low.length : null;
      return { kind: 'pattern', pattern: numberInterval(low, high), length };
    }
    if (!Object.hasOwn(named, name))
      this.#fail(`named pattern <${name}> is unknown, known are ${Object.keys(named).join(', ')}`);
    return { kind: 'pattern', pattern: named[name]!, length: 1 };
  }

  #accept(character: string): boolean {
    if (this.#text[this.#at] !== character) return false;
    this.#at++;
    return true;
  }

  #match(pattern: RegExp, advice: string): RegExpExecArray {
    pattern.lastIndex = this.#at;
    const found = pattern.exec(this.#text);
    if (found === null) return this.#fail(advice);
    this.#at += found[0].length;
    return found;
  }

  #fail(reason: string): never {
    throw new FastRegexError(`${reason}, at character ${this.#at + 1}`);
  }
}

const symbols: Readonly<Record<string, FastRegex>> = {
  '.': { kind: 'pattern', pattern: '.', length: 1 },
  '#': { kind: 'pattern', pattern: '[^\\x00-\\x{10FFFF}]', length: 1 },
  '@': { kind: 'repeat', item: { kind: 'pattern', pattern: '.', length: 1 }, least: 0, most: null },
};

function literal(text: string): FastRegex {
  return { kind: 'pattern', pattern: quoteText(text), length: [...text].length };
}
