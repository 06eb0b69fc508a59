import { type Source, type Token, TokenStream } from '../sql/index.ts';
import { IOT_SQL_DIALECT } from './dialect.ts';
import { ExpressionParser } from './expression-parser.ts';
import type {
  AssignmentNode,
  ExpressionNode,
  SelectItemNode,
  SelectNode,
  StatementNode,
  SubqueryNode,
} from './nodes.ts';

/** Words that may follow an operand: before one of them `value` is an attribute. */
const ENDS_OPERAND: ReadonlySet<string> = new Set(['FROM', 'WHERE', 'AS', 'AND', 'OR', 'IN']);

/**
 * Parses a rule (AWS IoT developer guide, iot-sql-reference).
 * @throws IotSqlError at the first token that does not fit the grammar
 */
export function parseStatement(source: Source): StatementNode {
  return new StatementParser(source).parseStatement();
}

/** Parses one expression that fills the whole text, as inside `${…}`. @throws IotSqlError */
export function parseExpression(source: Source): ExpressionNode {
  return new StatementParser(source).parseWholeExpression();
}

class StatementParser {
  readonly #source: Source;
  readonly #tokens: TokenStream;
  readonly #expressions: ExpressionParser;

  constructor(source: Source) {
    this.#source = source;
    this.#tokens = new TokenStream(source, IOT_SQL_DIALECT);
    this.#expressions = new ExpressionParser(this.#tokens, (start) => this.#parseSubquery(start));
  }

  /** Statement : ( SET Assignment ( , Assignment )* )? Select ( FROM String )? ( WHERE Expression )? */
  parseStatement(): StatementNode {
    const set = this.#tokens.acceptKeyword('SET')
      ? this.#tokens.delimited(',', () => this.#parseAssignment())
      : [];
    const select = this.#parseSelect();
    const from = this.#tokens.acceptKeyword('FROM') ? this.#parseTopicFilter() : undefined;
    const where = this.#parseWhere();
    this.#expectEnd();
    return { kind: 'statement', set, select, from, where, start: 0, end: this.#source.text.length };
  }

  parseWholeExpression(): ExpressionNode {
    const expression = this.#expressions.parseExpression();
    this.#expectEnd();
    return expression;
  }

  #expectEnd(): void {
    this.#expressions.failRefused();
    this.#tokens.expectEnd();
  }

  /** Assignment : Variable = Expression */
  #parseAssignment(): AssignmentNode {
    const variable = this.#tokens.expect('variable', 'a variable such as @name');
    this.#tokens.expectOperator('=');
    const expression = this.#expressions.parseExpression();
    return {
      kind: 'assignment',
      name: variable.value,
      expression,
      start: variable.start,
      end: expression.end,
    };
  }

  /** Select : SELECT VALUE Expression | SELECT Item ( , Item )* */
  #parseSelect(): SelectNode {
    this.#tokens.expectKeyword('SELECT');
    this.#refuseDistinct();
    if (this.#atValueKeyword()) {
      this.#tokens.next();
      return { kind: 'value', expression: this.#expressions.parseExpression() };
    }
    return { kind: 'items', items: this.#tokens.delimited(',', () => this.#parseItem()) };
  }

  /** DISTINCT before another name is the keyword; alone it is an attribute. */
  #refuseDistinct(): void {
    const next = this.#tokens.peek(1);
    const isKeyword = next.kind === 'word' ? !ENDS_OPERAND.has(next.keyword) : next.value === '*';
    if (this.#tokens.atKeyword('DISTINCT') && isKeyword) this.#expressions.failRefused();
  }

  /** VALUE is the keyword when an operand follows; otherwise it is an attribute of that name. */
  #atValueKeyword(): boolean {
    if (!this.#tokens.atKeyword('VALUE')) return false;
    const [next, afterNext] = [this.#tokens.peek(1), this.#tokens.peek(2)];
    if (next.kind === 'word') return !ENDS_OPERAND.has(next.keyword);
    if (next.kind !== 'operator') return next.kind !== 'end';
    if (next.value === '*') return isPayloadOperand(next, afterNext);
    if (next.value === '-') return next.end === afterNext.start;
    return next.value === '(' || next.value === '[' || next.value === '{';
  }

  /** Item : * | Expression . * | Expression ( AS Name ( . Name )* )? */
  #parseItem(): SelectItemNode {
    const { start } = this.#tokens.peek();
    if (this.#tokens.atOperator('*') && isItemEnd(this.#tokens.peek(1))) {
      this.#tokens.next();
      return { kind: 'star', start, end: this.#tokens.lastEnd };
    }
    const expression = this.#expressions.parseExpression();
    if (this.#tokens.acceptOperator('.')) {
      this.#tokens.expectOperator('*');
      return { kind: 'spread', expression, start, end: this.#tokens.lastEnd };
    }
    const alias = this.#tokens.acceptKeyword('AS') ? this.#parseAlias() : undefined;
    return { kind: 'value', expression, alias, start, end: this.#tokens.lastEnd };
  }

  #parseAlias(): string[] {
    return this.#tokens.delimited('.', () => this.#tokens.expect('word', 'an alias').value);
  }

  #parseTopicFilter(): StatementNode['from'] {
    const token = this.#tokens.expect('string', 'a topic filter in quotes');
    return { kind: 'topicFilter', filter: token.value, start: token.start, end: token.end };
  }

  #parseWhere(): ExpressionNode | undefined {
    return this.#tokens.acceptKeyword('WHERE') ? this.#expressions.parseExpression() : undefined;
  }

  /** Subquery : Select FROM Expression ( AS Name )? ( WHERE Expression )? */
  #parseSubquery(start: number): SubqueryNode {
    const select = this.#parseSelect();
    this.#tokens.expectKeyword('FROM');
    const from = this.#expressions.parseExpression();
    const alias = this.#tokens.acceptKeyword('AS')
      ? this.#tokens.expect('word', 'an alias').value
      : undefined;
    const where = this.#parseWhere();
    return { kind: 'subquery', select, from, alias, where, start, end: this.#tokens.lastEnd };
  }
}

function isItemEnd(token: Token): boolean {
  return (
    token.kind === 'end' ||
    token.keyword === 'FROM' ||
    token.keyword === 'WHERE' ||
    (token.kind === 'operator' && (token.value === ',' || token.value === ')'))
  );
}

/** After `value *`: does the star stand for the message (`VALUE *.a`), rather than for a multiplication (`value * a`)? */
function isPayloadOperand(star: Token, token: Token): boolean {
  if (isItemEnd(token)) return true;
  return (
    token.kind === 'operator' && (token.value === '.' || token.value === '[') && token.start === star.end
  );
}
