import { didYouMean } from '../sql/index.ts';
import { OPERATOR_NAMES } from './condition-operators.ts';
import type { PolicyCondition, PolicyDocument, PolicyStatement } from './policy-document.ts';
import { PolicyError, type PolicyProblem } from './policy-error.ts';
import { parseTemplate } from './policy-template.ts';

/** AWS IoT quotas, policies: characters of a document, white space not counted. */
export const MAX_POLICY_CHARACTERS = 2048;

/**
 * Reads and checks a policy document (AWS IoT developer guide, iot-policies; IAM user guide, grammar of the policy
 * language). Lists may stand as single values, as in IAM.
 *
 * @param maxCharacters white space not counted; a role's policies may be longer than a device's
 * @throws PolicyError with every problem and its path
 */
export function parsePolicyDocument(text: string, maxCharacters = MAX_POLICY_CHARACTERS): PolicyDocument {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    throw new PolicyError([{ path: '', message: 'it is not JSON' }]);
  }
  const problems: PolicyProblem[] = [];
  if (text.replace(/\s/g, '').length > maxCharacters)
    problems.push({ path: '', message: `it has more than ${maxCharacters} characters` });
  const document = new DocumentReader(problems).read(json);
  if (problems.length > 0) throw new PolicyError(problems);
  return document;
}

const DOCUMENT_MEMBERS = ['Version', 'Id', 'Statement'];
const STATEMENT_MEMBERS = ['Sid', 'Effect', 'Action', 'NotAction', 'Resource', 'NotResource', 'Condition'];
/** Lower case: actions are compared without regard to case. */
const ACTION = /^(\*|[a-z0-9-]+:[a-z0-9*?]+)$/i;

type Members = Readonly<Record<string, unknown>>;

class DocumentReader {
  readonly #problems: PolicyProblem[];

  constructor(problems: PolicyProblem[]) {
    this.#problems = problems;
  }

  read(json: unknown): PolicyDocument {
    if (!isObject(json)) {
      this.#add('', 'it is not an object');
      return { statements: [] };
    }
    this.#checkMembers('', json, DOCUMENT_MEMBERS);
    if (json.Version !== '2012-10-17' && json.Version !== '2008-10-17')
      this.#add('Version', `expected "2012-10-17", got ${shown(json.Version)}`);
    const statements = json.Statement === undefined ? [] : [json.Statement].flat();
    if (statements.length === 0) this.#add('Statement', 'expected at least one statement');
    return { statements: statements.flatMap((each, index) => this.#statement(each, index)) };
  }

  #statement(json: unknown, index: number): PolicyStatement[] {
    const path = `Statement[${index}]`;
    if (!isObject(json)) {
      this.#add(path, `expected an object, got ${shown(json)}`);
      return [];
    }
    this.#checkMembers(path, json, STATEMENT_MEMBERS);
    if (json.Sid !== undefined && typeof json.Sid !== 'string') this.#add(`${path}.Sid`, 'expected a text');
    if (json.Effect !== 'Allow' && json.Effect !== 'Deny')
      this.#add(`${path}.Effect`, `expected "Allow" or "Deny", got ${shown(json.Effect)}`);
    const actions = this.#oneOf(path, json, 'Action', 'NotAction');
    const resources = this.#oneOf(path, json, 'Resource', 'NotResource');
    for (const [at, action] of actions.list.entries()) {
      if (!ACTION.test(action))
        this.#add(`${actions.path}[${at}]`, `expected an action such as "iot:Publish", got "${action}"`);
    }
    for (const [at, resource] of resources.list.entries())
      this.#checkResource(`${resources.path}[${at}]`, resource);
    return [
      {
        index,
        sid: typeof json.Sid === 'string' ? json.Sid : undefined,
        effect: json.Effect as 'Allow' | 'Deny',
        actions: actions.list,
        isNotAction: actions.isNot,
        resources: resources.list,
        isNotResource: resources.isNot,
        conditions: this.#conditions(`${path}.Condition`, json.Condition),
      },
    ];
  }

  #oneOf(path: string, json: Members, name: string, not: string) {
    if (json[name] !== undefined && json[not] !== undefined)
      this.#add(path, `expected ${name} or ${not}, got both`);
    const isNot = json[name] === undefined && json[not] !== undefined;
    const found = isNot ? not : name;
    const list = this.#texts(`${path}.${found}`, json[found]);
    if (list.length === 0) this.#add(`${path}.${found}`, 'expected at least one');
    return { isNot, list, path: `${path}.${found}` };
  }

  #checkResource(path: string, resource: string): void {
    if (resource !== '*' && !resource.startsWith('arn:'))
      this.#add(path, `expected "*" or an ARN such as "arn:aws:iot:…:topic/…", got "${resource}"`);
    this.#checkTemplate(path, resource);
  }

  #checkTemplate(path: string, text: string): void {
    for (const part of parseTemplate(text)) {
      if (part.kind === 'unclosed') this.#add(path, 'a variable has no closing brace');
    }
  }

  #conditions(path: string, json: unknown): PolicyCondition[] {
    if (json === undefined) return [];
    if (!isObject(json)) {
      this.#add(path, `expected an object, got ${shown(json)}`);
      return [];
    }
    return Object.entries(json).flatMap(([name, keys]) => this.#operator(`${path}.${name}`, name, keys));
  }

  #operator(path: string, name: string, keys: unknown): PolicyCondition[] {
    const [, qualifier, bare] = /^(?:(ForAllValues|ForAnyValue):)?(.*)$/s.exec(name)!;
    const isIfExists = bare!.endsWith('IfExists');
    const operator = isIfExists ? bare!.slice(0, -'IfExists'.length) : bare!;
    if (!OPERATOR_NAMES.includes(operator)) {
      this.#add(path, `unknown condition operator "${operator}"${didYouMean(operator, OPERATOR_NAMES)}`);
      return [];
    }
    if (!isObject(keys)) {
      this.#add(path, `expected an object of keys, got ${shown(keys)}`);
      return [];
    }
    return Object.entries(keys).map(([key, value]) => {
      const values = this.#texts(`${path}.${key}`, value);
      for (const [at, text] of values.entries()) this.#checkTemplate(`${path}.${key}[${at}]`, text);
      return { operator, qualifier: qualifier as PolicyCondition['qualifier'], isIfExists, key, values };
    });
  }

  /** Numbers and booleans may stand for their texts. */
  #texts(path: string, json: unknown): string[] {
    if (json === undefined) return [];
    return [json].flat().flatMap((value, at) => {
      if (typeof value === 'string' || typeof value === 'boolean' || typeof value === 'number')
        return [String(value)];
      this.#add(`${path}[${at}]`, `expected a text, got ${shown(value)}`);
      return [];
    });
  }

  #checkMembers(path: string, json: Members, known: readonly string[]): void {
    for (const name of Object.keys(json).filter((each) => !known.includes(each)))
      this.#add(path ? `${path}.${name}` : name, `unknown member${didYouMean(name, known)}`);
  }

  #add(path: string, message: string): void {
    this.#problems.push({ path, message });
  }
}

function isObject(value: unknown): value is Members {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function shown(value: unknown): string {
  const text = JSON.stringify(value) ?? 'nothing';
  return text.length > 60 ? `${text.slice(0, 60)}…` : text;
}
