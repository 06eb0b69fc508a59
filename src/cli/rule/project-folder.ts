import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Option } from 'commander';

/** The project this command line belongs to. */
const ownFolder = fileURLToPath(new URL('../../..', import.meta.url)).replace(/[/\\]$/, '');

/** `--project FOLDER`: rules that lie somewhere else. */
export function projectOption(): Option {
  return new Option('--project <folder>', 'the folder with serverless.yml and rules/')
    .default(ownFolder, 'this project')
    .argParser((folder: string) => resolve(folder));
}
