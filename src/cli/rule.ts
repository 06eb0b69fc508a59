import { Command } from 'commander';
import { explainCommand } from './rule/explain.ts';
import { testCommand } from './rule/test.ts';

/** `mesonet rule`: tests and explains topic rules without an AWS account. */
export function ruleCommand(): Command {
  return new Command('rule')
    .description('Test and explain AWS IoT topic rules without an AWS account')
    .addCommand(testCommand())
    .addCommand(explainCommand());
}
