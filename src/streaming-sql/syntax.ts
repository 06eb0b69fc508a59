import type { SqlType } from './sql-type.ts';

/** The syntax tree of an application. `start` is the offset of a node's first character in the source text. */
export interface Application {
  readonly statements: readonly Statement[];
}

export type Statement = CreateStream | CreatePump | CreateFunction;

/** CREATE [OR REPLACE] STREAM name (columns) */
export interface CreateStream {
  readonly kind: 'createStream';
  readonly start: number;
  readonly name: Identifier;
  readonly columns: readonly ColumnDefinition[];
}

export interface ColumnDefinition {
  readonly name: Identifier;
  readonly type: SqlType;
  readonly notNull: boolean;
}

/** CREATE FUNCTION name ( parameters ) RETURNS type … RETURN expression */
export interface CreateFunction {
  readonly kind: 'createFunction';
  readonly start: number;
  readonly name: Identifier;
  readonly parameters: readonly FunctionParameter[];
  readonly returns: SqlType;
  /** RETURNS NULL ON NULL INPUT */
  readonly nullOnNull: boolean;
  readonly body: SyntaxExpression;
}

export interface FunctionParameter {
  readonly name: Identifier;
  readonly type: SqlType;
}

/** CREATE [OR REPLACE] PUMP name AS INSERT INTO stream [(columns)] query */
export interface CreatePump {
  readonly kind: 'createPump';
  readonly start: number;
  readonly name: Identifier;
  /** A stopped pump is checked but never runs. */
  readonly stopped: boolean;
  readonly into: Identifier;
  readonly columns: readonly Identifier[] | null;
  readonly query: Query;
}

/** A name as the dialect means it: unquoted ones are already in upper case. */
export interface Identifier {
  readonly value: string;
  readonly quoted: boolean;
  readonly start: number;
}

export type Query = Select | Union | Values;

/** VALUES ( … ) [, ( … )]* */
export interface Values {
  readonly kind: 'values';
  readonly start: number;
  readonly rows: readonly (readonly SyntaxExpression[])[];
}

export interface Union {
  readonly kind: 'union';
  readonly start: number;
  readonly left: Query;
  readonly right: Query;
}

export interface Select {
  readonly kind: 'select';
  readonly start: number;
  readonly distinct: boolean;
  readonly items: readonly SelectItem[];
  readonly from: FromItem;
  readonly where: SyntaxExpression | null;
  readonly groupBy: readonly SyntaxExpression[];
  readonly stagger: Stagger | null;
  readonly having: SyntaxExpression | null;
  readonly windows: readonly NamedWindow[];
  readonly orderBy: readonly SortItem[];
}

export type SelectItem =
  | { readonly kind: 'star'; readonly start: number; readonly qualifier: Identifier | null }
  | { readonly kind: 'expression'; readonly expression: SyntaxExpression; readonly alias: Identifier | null };

export interface SortItem {
  readonly expression: SyntaxExpression;
  readonly descending: boolean;
}

/** WINDOWED BY STAGGER (PARTITION BY keys RANGE INTERVAL …) */
export interface Stagger {
  readonly start: number;
  readonly partition: readonly SyntaxExpression[];
  readonly range: SyntaxExpression;
}

export interface NamedWindow {
  readonly name: Identifier;
  readonly window: WindowSpecification;
}

export interface WindowSpecification {
  readonly start: number;
  readonly base: Identifier | null;
  readonly partition: readonly SyntaxExpression[];
  readonly frame: SyntaxFrame | null;
}

export interface SyntaxFrame {
  readonly start: number;
  readonly unit: 'range' | 'rows';
  /** The distance before the current row; null for UNBOUNDED PRECEDING and 'current' for CURRENT ROW alone. */
  readonly preceding: SyntaxExpression | 'unbounded' | 'current';
}

export type FromItem =
  | {
      readonly kind: 'table';
      readonly start: number;
      readonly name: Identifier;
      readonly over: WindowSpecification | null;
      readonly alias: Identifier | null;
      readonly columns: readonly Identifier[];
    }
  | {
      readonly kind: 'subquery';
      readonly start: number;
      readonly query: Query;
      readonly over: WindowSpecification | null;
      readonly alias: Identifier | null;
      readonly columns: readonly Identifier[];
    }
  | {
      readonly kind: 'tableFunction';
      readonly start: number;
      readonly name: Identifier;
      readonly query: Query;
      readonly arguments: readonly SyntaxExpression[];
      readonly alias: Identifier | null;
      readonly columns: readonly Identifier[];
    }
  | {
      readonly kind: 'join';
      readonly start: number;
      readonly join: 'inner' | 'left' | 'right' | 'full' | 'cross';
      readonly left: FromItem;
      readonly right: FromItem;
      readonly condition: SyntaxExpression | null;
    };

export type TimeUnit = 'SECOND' | 'MINUTE' | 'HOUR' | 'DAY' | 'WEEK' | 'MONTH' | 'QUARTER' | 'YEAR';

export type BinaryOperator =
  | 'OR'
  | 'AND'
  | '='
  | '<>'
  | '<'
  | '<='
  | '>'
  | '>='
  | '+'
  | '-'
  | '*'
  | '/'
  | '||';

/** Relations of two periods of time (SQL reference, "Temporal Predicates"). */
export type PeriodPredicate =
  | 'CONTAINS'
  | 'OVERLAPS'
  | 'EQUALS'
  | 'PRECEDES'
  | 'SUCCEEDS'
  | 'IMMEDIATELY PRECEDES'
  | 'IMMEDIATELY SUCCEEDS'
  | 'STRICTLY CONTAINS'
  | 'STRICTLY PRECEDES'
  | 'STRICTLY SUCCEEDS';

export type SyntaxExpression = { readonly start: number } & (
  | { readonly kind: 'number'; readonly text: string }
  | { readonly kind: 'string'; readonly value: string }
  /** X'0aff': one character of code 0 to 255 for each byte. */
  | { readonly kind: 'bytes'; readonly value: string }
  | { readonly kind: 'boolean'; readonly value: boolean | null }
  | { readonly kind: 'null' }
  | { readonly kind: 'datetime'; readonly type: 'TIMESTAMP' | 'DATE' | 'TIME'; readonly text: string }
  | {
      readonly kind: 'interval';
      /** Null for years and months, which have no fixed length. */
      readonly millis: number | null;
      readonly unit: TimeUnit;
      readonly type: SqlType;
    }
  | { readonly kind: 'name'; readonly parts: readonly Identifier[] }
  | { readonly kind: 'not'; readonly operand: SyntaxExpression }
  | { readonly kind: 'negate'; readonly operand: SyntaxExpression }
  | {
      readonly kind: 'binary';
      readonly operator: BinaryOperator;
      readonly left: SyntaxExpression;
      readonly right: SyntaxExpression;
    }
  | {
      readonly kind: 'intervalOf';
      readonly operand: SyntaxExpression;
      readonly unit: TimeUnit;
      readonly type: SqlType;
    }
  | {
      readonly kind: 'between';
      /** BETWEEN SYMMETRIC: the bounds may come in either order. */
      readonly symmetric: boolean;
      readonly operand: SyntaxExpression;
      readonly low: SyntaxExpression;
      readonly high: SyntaxExpression;
    }
  | { readonly kind: 'in'; readonly operand: SyntaxExpression; readonly list: readonly SyntaxExpression[] }
  | {
      readonly kind: 'like';
      readonly operand: SyntaxExpression;
      readonly pattern: SyntaxExpression;
      readonly escape: SyntaxExpression | null;
      readonly similar: boolean;
    }
  | {
      readonly kind: 'is';
      readonly operand: SyntaxExpression;
      readonly test: 'NULL' | 'TRUE' | 'FALSE' | 'UNKNOWN';
    }
  /** PERIOD ( from, to ), the word left out or not. */
  | { readonly kind: 'period'; readonly from: SyntaxExpression; readonly to: SyntaxExpression }
  | {
      readonly kind: 'periodTest';
      readonly predicate: PeriodPredicate;
      readonly left: SyntaxExpression;
      readonly right: SyntaxExpression;
    }
  | { readonly kind: 'isDistinct'; readonly left: SyntaxExpression; readonly right: SyntaxExpression }
  | {
      readonly kind: 'case';
      readonly operand: SyntaxExpression | null;
      readonly branches: readonly { readonly when: SyntaxExpression; readonly result: SyntaxExpression }[];
      readonly otherwise: SyntaxExpression | null;
    }
  | { readonly kind: 'cast'; readonly operand: SyntaxExpression; readonly type: SqlType }
  | CallSyntax
);

export interface CallSyntax {
  readonly kind: 'call';
  readonly start: number;
  /** Upper case. */
  readonly name: string;
  readonly arguments: readonly SyntaxExpression[];
  readonly star: boolean;
  readonly distinct: boolean;
  /** FLOOR(x TO unit), CEIL(x TO unit), EXTRACT(unit FROM x). */
  readonly unit: TimeUnit | null;
  readonly over: WindowSpecification | Identifier | null;
}
