/** Parameters that take one of a few words; the others take what their default is: a number from 1, or text. */
const WORDS = {
  dataPolicy: ['Delete', 'Retain'],
  readingsItemMinutes: ['1', '2', '5', '10'],
  lastingAlerts: ['on', 'off'],
  windows: ['lambda', 'flink'],
};

/** Numbers that have a least value besides 1, and why. */
const LEAST = {
  rawRetentionDays: [545, 'objects go to Deep Archive on day 365, which bills them for 180 days'],
};

/** A minute at which a window may begin. */
const MINUTE = /^\d{4}-\d\d-\d\dT\d\d:\d\d:00Z$/;

const REGION = /^[a-z]{2}(-[a-z]+)+-\d$/;

/** Sentences about what is wrong with the stage, the region and the parameters of a run. */
function problemsOf({ stage, region, parameters, given }) {
  const { default: defaults = {}, ...stages } = parameters;
  const problems = [];
  if (!(stage in stages))
    problems.push(
      `Cannot use stage '${stage}': serverless.yml has parameters for ${quoted(Object.keys(stages))}; use one of them, or add params.${stage}`,
    );
  if (!REGION.test(region))
    problems.push(`Cannot use region '${region}': it is no AWS region, such as 'eu-central-1'`);
  const known = { ...defaults, ...stages[stage] };
  for (const name of Object.keys(given))
    if (!(name in known))
      problems.push(`Cannot use parameter '${name}': the stack has ${quoted(Object.keys(known))}`);
  for (const [name, value] of Object.entries({ ...known, ...given })) {
    if (name in known) problems.push(...valueProblems(name, value, known[name]));
  }
  problems.push(...boundProblems({ ...known, ...given }));
  return problems;
}

function valueProblems(name, value, usual) {
  const words = WORDS[name];
  if (words && !words.includes(String(value)))
    return [`Cannot use '${value}' for parameter '${name}': it takes ${quoted(words)}`];
  if (typeof usual === 'number' && !/^[1-9]\d*$/.test(String(value)))
    return [
      `Cannot use '${value}' for parameter '${name}': it takes a whole number from 1, such as ${usual}`,
    ];
  const [least, reason] = LEAST[name] ?? [1, ''];
  if (typeof usual === 'number' && Number(value) < least)
    return [`Cannot use '${value}' for parameter '${name}': it takes at least ${least}, because ${reason}`];
  if (name === 'windowsFrom' && !(MINUTE.test(String(value)) && Number.isFinite(Date.parse(value))))
    return [
      `Cannot use '${value}' for parameter 'windowsFrom': it takes a whole minute, such as '2026-11-21T11:05:00Z'`,
    ];
  if (String(value).trim() === '') return [`Cannot leave parameter '${name}' empty: it takes text`];
  return [];
}

function boundProblems({ flinkParallelism: least, flinkMaxParallelism: most }) {
  if (!(Number(least) > Number(most))) return [];
  return [
    `Cannot scale Flink from ${least} to ${most}: 'flinkMaxParallelism' must be at least 'flinkParallelism'`,
  ];
}

function quoted(words) {
  return words.map((word) => `'${word}'`).join(', ');
}

/** `--param name=value`, as often as it is given. */
function givenParameters(options) {
  const pairs = [options.param ?? []].flat().map((pair) => String(pair));
  return Object.fromEntries(pairs.map((pair) => [pair.split('=')[0], pair.slice(pair.indexOf('=') + 1)]));
}

/** Commands that do nothing without an account. */
const ASKS_AWS = new Set(['deploy', 'remove']);

/** A framework plugin: refuses a wrong stage, region or parameter, and absent credentials, before anything is packaged. */
module.exports = class CheckParametersPlugin {
  constructor(serverless, options) {
    const { provider, params: parameters = {} } = serverless.configurationInput;
    const stage = options.stage ?? provider.stage ?? 'dev';
    const region = options.region ?? provider.region ?? 'us-east-1';
    const [problem] = problemsOf({ stage, region, parameters, given: givenParameters(options) });
    if (problem) throw new serverless.classes.Error(problem, 'WRONG_PARAMETER');
    this.hooks = {
      initialize: async () => {
        if (!ASKS_AWS.has(serverless.processedInput.commands[0])) return;
        // It throws the framework's own sentence about what is missing.
        await serverless.getProvider('aws').getAwsSdkV3CredentialsProvider()();
      },
    };
  }
};
