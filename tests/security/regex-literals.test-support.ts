import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { projectFolder } from '../pipeline/running-pipeline.test-support.ts';

/** A regular expression as it stands in a source file. */
export interface RegexLiteral {
  readonly file: string;
  readonly text: string;
  readonly regex: RegExp;
}

/** After what a slash begins a regular expression, and what belongs to one. */
const LITERAL =
  /(?:^|[=(,:!&|?{;[]|return|=>)\s*\/((?:\\.|\[(?:\\.|[^\]\\\n])*\]|[^/\\\n[*])(?:\\.|\[(?:\\.|[^\]\\\n])*\]|[^/\\\n[])*)\/([dgimsuvy]*)(?=[\s.,;:)\]}]|$)/gm;
const COMMENT = /^\s*(?:\/\/|\/?\*).*$/gm;

/** The regular expressions of the files that run with what others send: no tests, no benches. */
export function regexLiterals(): RegexLiteral[] {
  const folders = ['src', 'functions', 'devices', 'dashboard'];
  const files = execFileSync('git', ['ls-files', ...folders], { cwd: projectFolder, encoding: 'utf8' })
    .split('\n')
    .filter((file) => file.endsWith('.ts') && !/\.test(-\w+)?\.ts$/.test(file));
  const literals = new Map<string, RegexLiteral>();
  for (const file of files) {
    const source = readFileSync(join(projectFolder, file), 'utf8').replace(COMMENT, '');
    for (const [, body, flags] of source.matchAll(LITERAL)) {
      const text = `/${body}/${flags}`;
      const regex = parse(body!, flags!);
      if (regex && !literals.has(text)) literals.set(text, { file, text, regex });
    }
  }
  return [...literals.values()];
}

function parse(body: string, flags: string): RegExp | undefined {
  try {
    return new RegExp(body, flags.replace('g', ''));
  } catch {
    return undefined;
  }
}
