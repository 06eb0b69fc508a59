import { SqlError, type SqlErrorClass } from './sql-error.ts';

/** What the lexer must know about a language: a flat record, so that a dialect is data. */
export interface SqlDialect {
  /** What `"x"` is: a string (IoT rules) or an identifier that keeps its case (standard SQL). */
  readonly doubleQuotes: 'string' | 'identifier';
  /** `--` to the end of the line is a comment. */
  readonly lineComments: boolean;
  /** `/* … *\/` is a comment; they do not nest. */
  readonly blockComments: boolean;
  /** `@name` is a variable. */
  readonly variables: boolean;
  /** `U&'\00e9'` is a string with Unicode escapes. */
  readonly unicodeLiterals: boolean;
  /** `.5` is a number; otherwise the dot is an operator and the 5 a number. */
  readonly leadingDotNumbers: boolean;
  /** Folding of unquoted identifiers in a token's `value`. */
  readonly identifierCase: 'keep' | 'upper';
  /** Characters other than letters, digits and `_` that a word may hold after its first one. */
  readonly identifierExtras: string;
  /** Every operator and punctuation mark; the longest that fits is taken. */
  readonly operators: readonly string[];
  /** Longest statement, in UTF-16 code units: a bound on the work an untrusted text can cause. */
  readonly maxLength: number;
  /** Deepest nesting a parser may descend to: a bound on its stack. */
  readonly maxDepth: number;
  /** The class of error the lexer and the token stream throw. */
  readonly error: SqlErrorClass;
}

const STANDARD_SQL: SqlDialect = {
  doubleQuotes: 'identifier',
  lineComments: true,
  blockComments: true,
  variables: false,
  unicodeLiterals: false,
  leadingDotNumbers: true,
  identifierCase: 'keep',
  identifierExtras: '',
  operators: ['<>', '<=', '>=', '||', '(', ')', ',', ';', '.', '*', '+', '-', '/', '=', '<', '>'],
  maxLength: 262_144,
  maxDepth: 200,
  error: SqlError,
};

/** A dialect from what differs from standard SQL. */
export function defineDialect(differences: Partial<SqlDialect>): SqlDialect {
  return { ...STANDARD_SQL, ...differences };
}
