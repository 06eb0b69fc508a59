import type { Environment } from './check-expression.ts';
import type { CheckedFrom } from './check-from.ts';
import { checkLogParser, isLogParser } from './check-log-parser.ts';
import type { LogParserCall } from './log-parse-plan.ts';
import type { Expression } from './plan.ts';
import type { CallSyntax, Select, SyntaxExpression } from './syntax.ts';

/** A field of a record that a select item gives. */
export interface RecordField {
  readonly name: string;
  readonly expression: Expression;
}

/** A FROM clause behind its select list's log parsers: their fields are columns behind the row. */
export interface ParsedFrom {
  readonly from: CheckedFrom;
  /** The fields by the select item's expression. */
  readonly records: ReadonlyMap<SyntaxExpression, readonly RecordField[]>;
  /** The query without those items. */
  readonly rest: Select;
}

/** Log parsers stand as whole items of a select list (SQL reference, "REGEX_LOG_PARSE", example 1). */
export function checkLogParsers(select: Select, from: CheckedFrom, env: Environment): ParsedFrom {
  const calls: LogParserCall[] = [];
  const records = new Map<SyntaxExpression, readonly RecordField[]>();
  let { width } = from;
  for (const item of select.items) {
    if (item.kind === 'star' || !isParserCall(item.expression)) continue;
    const call = checkLogParser(item.expression, env);
    const offset = width;
    const fields = call.fields.map(({ name, type }, index): RecordField => {
      return { name, expression: { kind: 'column', index: offset + index, type } };
    });
    width += fields.length;
    calls.push(call);
    records.set(item.expression, fields);
  }
  if (calls.length === 0) return { from, records, rest: select };
  const items = select.items.filter((item) => item.kind === 'star' || !records.has(item.expression));
  const operator = { kind: 'logParse', input: from.operator, calls } as const;
  return { from: { ...from, operator, width }, records, rest: { ...select, items } };
}

function isParserCall(node: SyntaxExpression): node is SyntaxExpression & CallSyntax {
  return node.kind === 'call' && isLogParser(node.name);
}
