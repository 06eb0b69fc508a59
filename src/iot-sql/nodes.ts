/** The part of the source a node was read from: offsets in UTF-16 code units, `end` exclusive. */
export interface Extent {
  readonly start: number;
  readonly end: number;
}

/** A constant: number, string, TRUE, FALSE or NULL. */
export interface LiteralNode extends Extent {
  readonly kind: 'literal';
  readonly value: number | bigint | string | boolean | null;
  /** The digits of a number as written; a Decimal such as `10.0` differs from the Int `10` in version 2015-10-08. */
  readonly digits: string | undefined;
}

/** A bare name: an attribute of the payload, or of the element inside a nested SELECT, or an alias of one. */
export interface AttributeNode extends Extent {
  readonly kind: 'attribute';
  readonly name: string;
}

/** `*` used as a value: the whole message. */
export interface PayloadNode extends Extent {
  readonly kind: 'payload';
}

/** `@name`, assigned by SET. */
export interface VariableNode extends Extent {
  readonly kind: 'variable';
  readonly name: string;
}

/** `base.name` */
export interface MemberNode extends Extent {
  readonly kind: 'member';
  readonly base: ExpressionNode;
  readonly name: string;
}

/** `base[index]` */
export interface IndexNode extends Extent {
  readonly kind: 'index';
  readonly base: ExpressionNode;
  readonly index: ExpressionNode;
}

/** `name(argument, …)`; a cast is a call of `cast` with its type name as `castType`. */
export interface CallNode extends Extent {
  readonly kind: 'call';
  /** In lower case. */
  readonly name: string;
  readonly arguments: readonly ExpressionNode[];
  readonly castType: string | undefined;
}

/** NOT and the minus sign. */
export interface UnaryNode extends Extent {
  readonly kind: 'unary';
  readonly operator: 'NOT' | '-';
  readonly operand: ExpressionNode;
}

/** The operators of two operands. */
export type BinaryOperator =
  | 'OR'
  | 'AND'
  | '='
  | '<>'
  | '<'
  | '<='
  | '>'
  | '>='
  | 'IN'
  | '+'
  | '-'
  | '*'
  | '/'
  | '%';

export interface BinaryNode extends Extent {
  readonly kind: 'binary';
  readonly operator: BinaryOperator;
  readonly left: ExpressionNode;
  readonly right: ExpressionNode;
}

/** `CASE value WHEN match THEN result … ELSE otherwise END` */
export interface CaseNode extends Extent {
  readonly kind: 'case';
  readonly subject: ExpressionNode;
  readonly branches: readonly { readonly match: ExpressionNode; readonly result: ExpressionNode }[];
  readonly otherwise: ExpressionNode | undefined;
}

/** `[a, b]` */
export interface ArrayNode extends Extent {
  readonly kind: 'array';
  readonly elements: readonly ExpressionNode[];
}

/** `{'k': a}` */
export interface ObjectNode extends Extent {
  readonly kind: 'object';
  readonly entries: readonly { readonly key: string; readonly value: ExpressionNode }[];
}

/** `(SELECT … FROM source AS alias WHERE …)`, and the same under EXISTS. */
export interface SubqueryNode extends Extent {
  readonly kind: 'subquery';
  readonly select: SelectNode;
  readonly from: ExpressionNode;
  readonly alias: string | undefined;
  readonly where: ExpressionNode | undefined;
}

/** `EXISTS (SELECT …)` */
export interface ExistsNode extends Extent {
  readonly kind: 'exists';
  readonly query: SubqueryNode;
}

export type ExpressionNode =
  | LiteralNode
  | AttributeNode
  | PayloadNode
  | VariableNode
  | MemberNode
  | IndexNode
  | CallNode
  | UnaryNode
  | BinaryNode
  | CaseNode
  | ArrayNode
  | ObjectNode
  | SubqueryNode
  | ExistsNode;

/** `*` as a select item: every attribute of the message. */
export interface StarItemNode extends Extent {
  readonly kind: 'star';
}

/** `a.b.*`: every attribute of an object. */
export interface SpreadItemNode extends Extent {
  readonly kind: 'spread';
  readonly expression: ExpressionNode;
}

/** `expression AS a.b`; without AS the alias is undefined and the name comes from the expression. */
export interface ValueItemNode extends Extent {
  readonly kind: 'value';
  readonly expression: ExpressionNode;
  readonly alias: readonly string[] | undefined;
}

export type SelectItemNode = StarItemNode | SpreadItemNode | ValueItemNode;

/** What follows SELECT: a list of items, or VALUE and one expression. */
export type SelectNode =
  | { readonly kind: 'items'; readonly items: readonly SelectItemNode[] }
  | { readonly kind: 'value'; readonly expression: ExpressionNode };

/** `@name = expression` */
export interface AssignmentNode extends Extent {
  readonly kind: 'assignment';
  readonly name: string;
  readonly expression: ExpressionNode;
}

/** A topic filter and where it stands. */
export interface TopicFilterNode extends Extent {
  readonly kind: 'topicFilter';
  readonly filter: string;
}

/** A whole rule. */
export interface StatementNode extends Extent {
  readonly kind: 'statement';
  readonly set: readonly AssignmentNode[];
  readonly select: SelectNode;
  /** Undefined in a rule that is reached by Basic Ingest only. */
  readonly from: TopicFilterNode | undefined;
  readonly where: ExpressionNode | undefined;
}
