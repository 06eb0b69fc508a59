/** Words of other SQL dialects that do not exist in AWS IoT rules, and what to write instead. */
const REFUSED_KEYWORDS: Readonly<Record<string, string>> = {
  LIKE: 'use regexp_matches(), startswith() or indexof()',
  BETWEEN: 'use two comparisons joined by AND',
  IS: 'use isNull() or isUndefined()',
  NOT: 'write NOT before the whole condition, as in NOT (a IN b)',
  GROUP: 'a rule sees one message at a time; aggregate in a streaming application',
  HAVING: 'a rule sees one message at a time; aggregate in a streaming application',
  ORDER: 'a rule sees one message at a time',
  LIMIT: 'a rule sees one message at a time',
  JOIN: 'a rule has one topic filter; use a nested SELECT for arrays inside the message',
  UNION: 'write two rules',
  DISTINCT: 'a rule sees one message at a time',
  INTO: 'outputs are actions of the rule',
};

/** Operators of other languages, and what to write instead. */
const REFUSED_OPERATORS: Readonly<Record<string, string>> = {
  '--': 'comments are not supported',
  '/*': 'comments are not supported',
  '||': 'use + to join strings',
  '==': 'use =',
  ';': 'a rule is one statement without a semicolon',
  '#': 'write topic filters in single quotes',
  $: 'write topic filters in single quotes',
  '&': 'use bitand()',
  '|': 'use bitor()',
};

/** Functions of other SQL dialects, and what to write instead. */
const REFUSED_FUNCTIONS: Readonly<Record<string, string>> = {
  count: 'a rule sees one message at a time; aggregate in a streaming application',
  sum: 'a rule sees one message at a time; aggregate in a streaming application',
  avg: 'a rule sees one message at a time; aggregate in a streaming application',
  min: 'a rule sees one message at a time; aggregate in a streaming application',
  max: 'a rule sees one message at a time; aggregate in a streaming application',
  coalesce: 'use get_or_default() or nanvl()',
  ifnull: 'use get_or_default() or nanvl()',
  now: 'use timestamp(), in milliseconds',
  current_timestamp: 'use timestamp(), in milliseconds',
  uuid: 'use newuuid()',
  len: 'use length()',
  left: 'use substring()',
  right: 'use substring()',
};

/** Why a function does not exist, if it is one that people bring from elsewhere. */
export function explainRefusedFunction(name: string): string | undefined {
  return Object.hasOwn(REFUSED_FUNCTIONS, name)
    ? `Function "${name}" is not part of AWS IoT rules SQL, ${REFUSED_FUNCTIONS[name]}`
    : undefined;
}

/** Why a token can never stand in a rule, if it is one that people bring from elsewhere. */
export function explainRefusal(token: {
  readonly keyword: string;
  readonly value: string;
  readonly kind: string;
}) {
  if (token.kind === 'word' && Object.hasOwn(REFUSED_KEYWORDS, token.keyword)) {
    const what = token.keyword === 'NOT' ? '"NOT" after an operand' : `"${token.keyword}"`;
    return `${what} is not part of AWS IoT rules SQL, ${REFUSED_KEYWORDS[token.keyword]}`;
  }
  if (token.kind === 'operator' && Object.hasOwn(REFUSED_OPERATORS, token.value)) {
    return `"${token.value}" is not part of AWS IoT rules SQL, ${REFUSED_OPERATORS[token.value]}`;
  }
  return undefined;
}
