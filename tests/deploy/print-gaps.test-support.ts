import { MISSING_BEHAVIOURS, MISSING_PROPERTIES, MISSING_TYPES } from './emulator-gaps.test-support.ts';

/** The tables of docs/deploy.md about what the emulator cannot do. */
export function printGaps(): string {
  return [
    table(
      ['resource type', 'why'],
      MISSING_TYPES.map(({ type, reason }) => [code(type), reason]),
    ),
    table(
      ['resource type', 'property', 'why'],
      MISSING_PROPERTIES.map(({ type, property, reason }) => [code(type), code(property), reason]),
    ),
    table(
      ['behaviour', 'why, and what the test does instead'],
      MISSING_BEHAVIOURS.map(({ what, reason }) => [what, reason]),
    ),
  ].join('\n\n');
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  return [head, head.map(() => '---'), ...rows].map((cells) => `| ${cells.join(' | ')} |`).join('\n');
}

function code(text: string): string {
  return `\`${text}\``;
}
