import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { defineDialect, didYouMean, Source, SqlError, TokenStream, tokenize } from './index.ts';

const standard = defineDialect({ unicodeLiterals: true, identifierCase: 'upper' });
const rules = defineDialect({
  doubleQuotes: 'string',
  lineComments: false,
  blockComments: false,
  variables: true,
  leadingDotNumbers: false,
});

function lex(text: string, dialect = standard): string[] {
  return tokenize(new Source(text), dialect).map(({ kind, value }) => `${kind}:${value}`);
}

function errorOf(run: () => unknown): SqlError {
  try {
    run();
  } catch (error) {
    if (error instanceof SqlError) return error;
    throw error;
  }
  throw new Error('expected an SqlError');
}

describe('Source', () => {
  it('locates offsets as lines and columns counted from 1, whatever the line break', () => {
    const source = new Source('ab\ncd\r\ne\rf', 'x.sql');
    expect([0, 2, 3, 7, 9, 99].map((offset) => source.locate(offset))).toEqual([
      { line: 1, column: 1 },
      { line: 1, column: 3 },
      { line: 2, column: 1 },
      { line: 3, column: 1 },
      { line: 4, column: 1 },
      { line: 4, column: 2 },
    ]);
    expect([1, 2, 3, 4].map((line) => source.lineText(line))).toEqual(['ab', 'cd', 'e', 'f']);
  });
});

describe('SqlError', () => {
  it('prints the reason, the place, the line and a caret', () => {
    const error = new SqlError(new Source('SELECT\n  a b', 'rule.sql'), 11, 'Expected "FROM", found "b"');
    expect(error.message).toBe('Expected "FROM", found "b"\n\nrule.sql:2:5\n2 |   a b\n  |     ^');
    expect([error.line, error.column, error.reason]).toEqual([2, 5, 'Expected "FROM", found "b"']);
  });

  it('shows only the part of a long line around the caret', () => {
    const error = new SqlError(new Source('x'.repeat(50_000)), 25_000, 'Too long');
    const [, , , line, caret] = error.message.split('\n');
    expect(line!.length).toBeLessThan(120);
    expect(line![caret!.indexOf('^')]).toBe('x');
  });
});

describe('tokenize()', () => {
  it('reads words, quoted names, strings, numbers and operators', () => {
    expect(lex(`Select "a b", 'it''s' <> .5 <= 1.5e-3 -- end\n/* x */ || y`)).toEqual([
      'word:SELECT',
      'quoted:a b',
      'operator:,',
      "string:it's",
      'operator:<>',
      'number:.5',
      'operator:<=',
      'number:1.5e-3',
      'operator:||',
      'word:Y',
      'end:',
    ]);
  });

  it('reads double quotes as strings and @ as variables when the dialect says so', () => {
    expect(lex(`@v.a = "x"`, rules)).toEqual([
      'variable:v',
      'operator:.',
      'word:a',
      'operator:=',
      'string:x',
      'end:',
    ]);
  });

  it('decodes Unicode literals', () => {
    expect(lex(String.raw`U&'\0041\+01F600\\'`)).toEqual(['string:A😀\\', 'end:']);
  });

  it('keeps offsets into the text', () => {
    const [, token] = tokenize(new Source('a  "b"'), standard);
    expect(token).toEqual({ kind: 'quoted', text: '"b"', value: 'b', keyword: '', start: 3, end: 6 });
  });

  it.each([
    ["SELECT 'a", 8, "Text opened by ' is not closed"],
    ['a /* b', 3, 'Comment opened by "/*" is not closed'],
    ['1abc', 1, '"1abc" is neither a number nor a name, a name may not start with a digit'],
    ['a ? b', 3, 'Unexpected character "?"'],
    ["U&'\\zz'", 1, 'A Unicode escape is \\ and four hex digits, or \\+ and six'],
  ])('refuses %j at column %i', (text, column, reason) => {
    const error = errorOf(() => lex(text));
    expect([error.column, error.reason]).toEqual([column, reason]);
  });

  it('refuses a statement longer than the limit', () => {
    expect(errorOf(() => lex('a '.repeat(200_000))).reason).toMatch(/longer than the limit of 262144/);
  });

  it('never throws anything but SqlError, and tokens cover the text in order', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 60 }), (text) => {
        try {
          let last = 0;
          for (const token of tokenize(new Source(text), standard)) {
            if (token.start < last || text.slice(token.start, token.end) !== token.text) return false;
            last = token.end;
          }
          return true;
        } catch (error) {
          return error instanceof SqlError;
        }
      }),
    );
  });
});

describe('TokenStream', () => {
  it('says what it expected and what it found', () => {
    const stream = new TokenStream(new Source("SELECT 'x'"), standard);
    stream.expectKeyword('SELECT');
    expect(errorOf(() => stream.expectKeyword('FROM')).reason).toBe(`Expected "FROM", found the string 'x'`);
    stream.next();
    expect(errorOf(() => stream.expect('word')).reason).toBe(
      'Expected a name, found the end of the statement',
    );
  });

  it('accepts keyword sequences whole or not at all', () => {
    const stream = new TokenStream(new Source('order by x'), standard);
    expect(stream.acceptKeyword('ORDER', 'TO')).toBe(false);
    expect(stream.acceptKeyword('ORDER', 'BY')).toBe(true);
    expect(stream.next().text).toBe('x');
  });

  it('refuses to descend deeper than the dialect allows', () => {
    const stream = new TokenStream(new Source('x'), standard);
    const descend = (): unknown => stream.nested(descend);
    expect(errorOf(descend).reason).toBe('Statement is nested deeper than 200 levels');
  });
});

describe('didYouMean()', () => {
  it('suggests near names only, best first', () => {
    expect(didYouMean('timestmp', ['timestamp', 'time', 'topic'])).toBe(', did you mean "timestamp"?');
    expect(didYouMean('TPOIC', ['timestamp', 'topic'])).toBe(', did you mean "topic"?');
    expect(didYouMean('zzzz', ['timestamp', 'topic'])).toBe('');
    expect(didYouMean('sim', ['sin', 'sign', 'asin'])).toBe(', did you mean "sin"?');
  });
});
