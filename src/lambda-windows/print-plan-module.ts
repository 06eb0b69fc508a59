import { planModule } from './plan-module.ts';

/** `node print-plan-module.ts FILE PROJECT_FOLDER SETTINGS_JSON`: the module on stdout, or one clear error on stderr. */
const [file = '', projectFolder = '', settings = '{}'] = process.argv.slice(2);
try {
  process.stdout.write(planModule(file, projectFolder, JSON.parse(settings)));
} catch (error) {
  process.stderr.write(`${(error as Error).message}\n`);
  process.exitCode = 1;
}
