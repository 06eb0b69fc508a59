import { Source } from '../sql/index.ts';
import { checkStatement } from './check-statement.ts';
import { type CompiledTemplate, compileTemplateWith } from './compile-template.ts';
import { CompiledRule } from './compiled-rule.ts';
import { IOT_SQL_VERSIONS, type IotSqlVersion } from './dialect.ts';
import type { ExternalFunctions } from './external-functions.ts';
import { IotSqlError } from './iot-sql-error.ts';
import { parseStatement } from './parser.ts';

/** How a rule is compiled. */
export interface CompileRuleOptions {
  /**
   * The version of the dialect. Defaults to 2016-03-23, which is what the AWS console sets; a rule created through the API
   * or CloudFormation without `AwsIotSqlVersion` has 2015-10-08, and whoever reads such a rule must pass that.
   */
  readonly version?: IotSqlVersion | undefined;
  /** The name errors print for the text. Defaults to `rule`. */
  readonly file?: string | undefined;
  /** The rule's own name, by which Basic Ingest addresses it. Without it the rule takes every Basic Ingest message. */
  readonly ruleName?: string | undefined;
  /** The services that functions such as `aws_lambda` reach. Without a port such a rule does not compile. */
  readonly external?: ExternalFunctions | undefined;
}

/**
 * Compiles an AWS IoT rule.
 * @throws IotSqlError with the place in the text when the rule is malformed or uses what is not supported
 * @example compileRule("SELECT *, topic(2) AS city FROM 'weather/#'").evaluate({ topic, payload })
 */
export function compileRule(sql: string, options: CompileRuleOptions = {}): CompiledRule {
  const source = new Source(sql, options.file ?? 'rule');
  const version = checkVersion(source, options.version ?? '2016-03-23');
  const { external } = options;
  const statement = parseStatement(source);
  const warnings = checkStatement(statement, { source, version, external });
  const variables = statement.set.map(({ name }) => name);
  const scope = { version, external, variables, aliases: [] };
  return new CompiledRule({ source, statement, scope, warnings, ruleName: options.ruleName });
}

/**
 * Compiles a text with `${…}` parts that belongs to no rule; `rule.compileTemplate` is for one that may use a rule's SET
 * variables.
 * @throws IotSqlError with the place in the text
 */
export function compileTemplate(
  text: string,
  options: Omit<CompileRuleOptions, 'ruleName'> = {},
): CompiledTemplate {
  const source = new Source(text, options.file ?? 'template');
  const version = checkVersion(source, options.version ?? '2016-03-23');
  const scope = { version, external: options.external, variables: [], aliases: [] };
  return compileTemplateWith(source, scope, (frame) => frame);
}

function checkVersion(source: Source, version: string): IotSqlVersion {
  const known = IOT_SQL_VERSIONS.find((candidate) => candidate === version);
  if (known !== undefined) return known;
  const why = version === 'beta' ? 'its meaning may change at any time' : 'it is unknown';
  throw new IotSqlError(
    source,
    0,
    `AWS IoT SQL version "${version}" is not supported, ${why}; use 2016-03-23`,
  );
}
