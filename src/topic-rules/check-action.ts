import { didYouMean } from '../sql/index.ts';
import type { RuleAction } from '../stack/stack.ts';
import type { Properties } from '../stack/template.ts';
import { ACTION_SPECS, type MemberSpec, type MemberSpecs } from './action-specs.ts';

/** What keeps an action from being deployed, one sentence each; empty when nothing does. */
export function actionProblems({ kind, members }: RuleAction): readonly string[] {
  const spec = Object.hasOwn(ACTION_SPECS, kind) ? ACTION_SPECS[kind] : undefined;
  if (!spec) return [`unknown action '${kind}'${didYouMean(kind, Object.keys(ACTION_SPECS))}`];
  const together = (spec.exclusive ?? []).filter((names) => names.every((name) => members[name]));
  return [
    ...memberProblems(spec.members, members, kind),
    ...together.map((names) => `${kind}: ${names.join(' and ')} cannot be used together`),
  ];
}

function memberProblems(specs: MemberSpecs, members: Properties, path: string): string[] {
  const names = Object.keys(specs);
  const unknown = Object.keys(members).filter((name) => !names.includes(name));
  return [
    ...unknown.map((name) => `${path}: unknown member '${name}'${didYouMean(name, names)}`),
    ...Object.entries(specs).flatMap(([name, spec]) => valueProblems(spec, members[name], `${path}.${name}`)),
  ];
}

function valueProblems(spec: MemberSpec, value: unknown, path: string): string[] {
  if (value === undefined || value === null || value === '')
    return spec.required ? [`${path} is missing`] : [];
  switch (spec.kind) {
    case 'text':
      return textProblems(spec, String(value), path);
    case 'boolean':
      return ['true', 'false'].includes(String(value))
        ? []
        : [`${path} is '${String(value)}', expected true or false`];
    case 'number':
      return Number.isInteger(Number(value)) && Number(value) >= spec.minimum && Number(value) <= spec.maximum
        ? []
        : [`${path} is '${String(value)}', expected a whole number from ${spec.minimum} to ${spec.maximum}`];
    case 'list':
      return listProblems(spec, value, path);
    default:
      if (!isObject(value)) return [`${path} is not an object`];
      return spec.kind === 'object' ? memberProblems(spec.members, value, path) : [];
  }
}

function textProblems(
  { oneOf, isTemplate }: MemberSpec & { kind: 'text' },
  value: string,
  path: string,
): string[] {
  if (!oneOf || oneOf.includes(value) || (isTemplate && value.includes('${'))) return [];
  return [
    `${path} is ${JSON.stringify(value)}, expected one of ${oneOf.map((each) => JSON.stringify(each)).join(', ')}`,
  ];
}

function listProblems(spec: MemberSpec & { kind: 'list' }, value: unknown, path: string): string[] {
  if (!Array.isArray(value)) return [`${path} is not a list`];
  if (value.length < spec.minimum || value.length > spec.maximum)
    return [`${path} has ${value.length} entries, expected ${spec.minimum} to ${spec.maximum}`];
  return value.flatMap((entry: unknown, at) =>
    isObject(entry)
      ? memberProblems(spec.members, entry, `${path}[${at}]`)
      : [`${path}[${at}] is not an object`],
  );
}

function isObject(value: unknown): value is Properties {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
