import type { CompiledTemplate, RuleMessage } from '../iot-sql/index.ts';
import type { RuleAction } from '../stack/stack.ts';
import type { Properties } from '../stack/template.ts';
import { ACTION_SPECS, type MemberSpec, type MemberSpecs } from './action-specs.ts';

/** What an action's members are for one message. */
export interface ResolvedAction {
  readonly kind: string;
  /** The members with every `${…}` replaced. */
  readonly members: Properties;
  /** The `${…}` parts that have no text for this message, as written. */
  readonly missing: readonly string[];
}

/** A rule action whose templates are compiled. */
export class CompiledAction {
  /** Its name in CloudFormation, for example `DynamoDBv2`. */
  readonly kind: string;
  /** The members as the template of the stack has them. */
  readonly members: Properties;
  readonly #templates: ReadonlyMap<string, CompiledTemplate>;

  constructor({ kind, members }: RuleAction, compile: (text: string) => CompiledTemplate) {
    this.kind = kind;
    this.members = members;
    const templates = new Map<string, CompiledTemplate>();
    eachTemplate(ACTION_SPECS[kind]!.members, members, (text) => templates.set(text, compile(text)));
    this.#templates = templates;
  }

  /** A member of the action itself as a template; undefined when it has no such member. */
  template(name: string): CompiledTemplate | undefined {
    const text = this.members[name];
    return text === undefined || text === null ? undefined : this.#templates.get(String(text));
  }

  /** A template calls a function that reaches another service. */
  get isExternal(): boolean {
    return [...this.#templates.values()].some(({ isExternal }) => isExternal);
  }

  resolve(message: RuleMessage): ResolvedAction {
    const missing: string[] = [];
    const members = replaceTemplates(ACTION_SPECS[this.kind]!.members, this.members, (text) => {
      const template = this.#templates.get(text)!;
      missing.push(...template.missingParts(message));
      return template.evaluate(message);
    });
    return { kind: this.kind, members, missing };
  }
}

function eachTemplate(specs: MemberSpecs, members: Properties, visit: (text: string) => void): void {
  replaceTemplates(specs, members, (text) => {
    visit(text);
    return text;
  });
}

function replaceTemplates(
  specs: MemberSpecs,
  members: Properties,
  replace: (text: string) => string,
): Properties {
  return Object.fromEntries(
    Object.entries(members).map(([name, value]) => [name, replaceIn(specs[name], value, replace)]),
  );
}

function replaceIn(spec: MemberSpec | undefined, value: unknown, replace: (text: string) => string): unknown {
  if (!spec || value === undefined || value === null) return value;
  if (spec.kind === 'text') return spec.isTemplate ? replace(String(value)) : value;
  if (spec.kind === 'object') return replaceTemplates(spec.members, value as Properties, replace);
  if (spec.kind !== 'list') return value;
  return (value as Properties[]).map((entry) => replaceTemplates(spec.members, entry, replace));
}
