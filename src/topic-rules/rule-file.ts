import { readdirSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';

/** A file of `rules/`. */
export interface RuleFile {
  /** The file's name without `.sql`, which is the rule's. */
  readonly name: string;
  /** For error messages: `rules/<name>.sql`. */
  readonly file: string;
  readonly sql: string;
}

/** The rules of a folder, by name. */
export function readRuleFiles(folder: string): readonly RuleFile[] {
  return readdirSync(folder)
    .filter((name) => name.endsWith('.sql'))
    .sort()
    .map((name) => ({
      name: basename(name, '.sql'),
      file: `rules/${name}`,
      sql: readFileSync(join(folder, name), 'utf8').trim(),
    }));
}

/** The stack's template carries only the text of a rule; its file is the one with the same text. */
export function fileOfRule(files: readonly RuleFile[], sql: string): string | undefined {
  return files.find((each) => each.sql === sql.trim())?.file;
}
