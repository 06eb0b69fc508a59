import { existsSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { Command, InvalidArgumentError, Option } from 'commander';
import {
  compileRule,
  createMessage,
  IOT_SQL_VERSIONS,
  IotSqlError,
  type IotSqlVersion,
  type RuleMessage,
} from '../../iot-sql/index.ts';
import { compileStack } from '../../stack/compile-stack.ts';
import { LOCAL_PLACE } from '../../stack/local-place.ts';
import { readStack } from '../../stack/read-stack.ts';
import { StackError } from '../../stack/stack-error.ts';
import { resolveExternal } from '../../topic-rules/compile-topic-rule.ts';
import { explainTopicRule } from '../../topic-rules/explain-topic-rule.ts';
import { type FoundTopicRule, findTopicRule } from '../../topic-rules/find-topic-rule.ts';
import { readRuleFiles } from '../../topic-rules/rule-file.ts';
import { StubbedExternals } from '../../topic-rules/stubbed-externals.ts';
import { TopicRuleError } from '../../topic-rules/topic-rule-error.ts';
import { type ExplainedMessage, explanationJson, printExplanation } from './print-explanation.ts';
import { projectOption } from './project-folder.ts';

const NOTES = `
RULE is the name of a rule of the stack, which shows its actions too, or the path of an .sql file.

Examples:
  mesonet rule explain telemetry --topic weather/WA/Seattle/98101/temperature/t1 --payload reading.json
  echo '{"sensor_value":1}' | mesonet rule explain rules/telemetry.sql --topic weather/a/b/c/d/e --payload -

The exit code is 0 when the rule could be explained, whether it fires or not, and 2 when it could not.`;

interface ExplainFlags {
  readonly topic: string;
  readonly payload?: string;
  readonly payloadBase64?: Uint8Array;
  readonly clientId?: string;
  readonly time?: number;
  readonly sqlVersion?: IotSqlVersion;
  readonly json?: boolean;
  readonly project: string;
}

/** `mesonet rule explain`: what every part of a rule makes of one message. */
export function explainCommand(): Command {
  const command = new Command('explain')
    .summary('show what every part of a rule makes of one message')
    .description('Show what every part of a rule and its actions make of one message')
    .argument('<rule>', 'the name of a rule, or the path of an .sql file')
    .requiredOption('--topic <topic>', 'the topic the message is published on')
    .option('--payload <file>', 'the file with its payload; - reads it from stdin')
    .option('--payload-base64 <text>', 'the payload itself, in base64', parseBase64)
    .option('--client-id <id>', 'the MQTT client id it comes from (default: none, as over HTTP)')
    .option('--time <ms>', 'when it is seen, milliseconds since the epoch (default: now)', parseMillis)
    .addOption(
      new Option(
        '--sql-version <version>',
        'of an .sql file (default: 2016-03-23); a stack says it itself',
      ).choices(IOT_SQL_VERSIONS),
    )
    .option('--json', 'print one line of JSON instead')
    .addOption(projectOption())
    .addHelpText('after', NOTES);
  return command.action((rule: string, flags: ExplainFlags) => explain(command, rule, flags));
}

async function explain(command: Command, asked: string, flags: ExplainFlags): Promise<void> {
  try {
    const message = messageOf(flags);
    const explained = await explainMessage(asked, message, flags);
    const output = flags.json
      ? `${JSON.stringify(explanationJson(explained))}\n`
      : printExplanation(explained);
    process.stdout.write(output);
  } catch (error) {
    const isExpected = [TopicRuleError, IotSqlError, StackError].some((each) => error instanceof each);
    if (!isExpected) throw error;
    command.error(`error: ${(error as Error).message}`, { exitCode: 2 });
  }
}

async function explainMessage(
  asked: string,
  message: RuleMessage,
  { project, sqlVersion }: ExplainFlags,
): Promise<ExplainedMessage> {
  const externals = new StubbedExternals();
  const found = asked.endsWith('.sql')
    ? compileFile(asked, sqlVersion, externals)
    : await compileFromStack(asked, project, externals);
  await resolveExternal(found.topicRule, message);
  return {
    explanation: explainTopicRule(found.topicRule, message),
    topicRule: found.topicRule,
    file: found.file,
    message,
    notCalled: externals.unanswered,
  };
}

/** A rule that may not be in the stack yet; unless told, it has the version that the console would give it. */
function compileFile(
  path: string,
  version: IotSqlVersion | undefined,
  externals: StubbedExternals,
): FoundTopicRule {
  const sql = readBytes(path, 'rule').toString().trim();
  const name = basename(path, '.sql');
  const rule = compileRule(sql, { version, file: path, ruleName: name, external: externals.port });
  return { topicRule: { name, rule, actions: [], errorAction: undefined }, file: path };
}

async function compileFromStack(
  name: string,
  projectFolder: string,
  externals: StubbedExternals,
): Promise<FoundTopicRule> {
  const stackFile = join(projectFolder, 'serverless.yml');
  if (!existsSync(stackFile))
    throw new TopicRuleError(
      `Cannot find rule '${name}': there is no '${stackFile}'; give the path of an .sql file to explain it without actions`,
    );
  const template = await compileStack({
    projectFolder,
    cacheFolder: join(projectFolder, '.mesonet', 'stack'),
  });
  const stack = readStack(template, projectFolder, LOCAL_PLACE);
  return findTopicRule(stack, readRuleFiles(join(projectFolder, 'rules')), name, externals.port);
}

function messageOf({ topic, payload, payloadBase64, clientId, time }: ExplainFlags): RuleMessage {
  if ((payload === undefined) === (payloadBase64 === undefined))
    throw new TopicRuleError('Cannot explain a message: expected either --payload or --payload-base64');
  return createMessage({
    topic,
    payload: payloadBase64 ?? readBytes(payload === '-' ? 0 : payload!, 'payload'),
    clientId,
    timestampMillis: time,
  });
}

/** @param file a path, or 0 for stdin */
function readBytes(file: string | 0, what: string): Buffer {
  try {
    return readFileSync(file);
  } catch (cause) {
    const { code, message } = cause as NodeJS.ErrnoException;
    const why = code === 'ENOENT' ? 'there is no such file' : message;
    throw new TopicRuleError(`Cannot read ${what} '${file === 0 ? '-' : file}': ${why}`, { cause });
  }
}

function parseBase64(text: string): Uint8Array {
  const bytes = Buffer.from(text, 'base64');
  if (bytes.toString('base64').replace(/=+$/, '') !== text.replace(/=+$/, ''))
    throw new InvalidArgumentError('expected base64');
  return bytes;
}

function parseMillis(text: string): number {
  if (!/^\d{1,15}$/.test(text)) throw new InvalidArgumentError('expected milliseconds since the epoch');
  return Number(text);
}
