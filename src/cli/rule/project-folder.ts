import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type Command, CommanderError, Option } from 'commander';

/** The project this command line belongs to. */
const ownFolder = fileURLToPath(new URL('../../..', import.meta.url)).replace(/[/\\]$/, '');

/** `--project FOLDER`: rules that lie somewhere else. */
export function projectOption(): Option {
  return new Option('--project <folder>', 'the folder with serverless.yml and rules/')
    .default(ownFolder, 'this project')
    .argParser((folder: string) => resolve(folder));
}

/** A mistake in the command line ends with 2, so that 1 can say what was found. */
export function exitWithTwoOnMisuse(command: Command): Command {
  return command.exitOverride((error) => {
    throw error.exitCode === 0 ? error : new CommanderError(2, error.code, error.message);
  });
}
