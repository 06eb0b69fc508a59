/** Lists of applications, as src/stack/read-stack.ts reads them. */
const APPLICATIONS = /^Mesonet::StreamingApplications(::|$)/;
/** Kinesis keeps nothing as old: from there means all there is. */
const ALL = '1970-01-01T00:00:00Z';

function applicationsOf({ Metadata = {} }) {
  return Object.entries(Metadata).flatMap(([key, list]) => (APPLICATIONS.test(key) ? list : []));
}

/** Puts the jar's own name where the stack names it, in the application and in what its role may read. */
function nameJar(from, to, { Resources }) {
  for (const [id, resource] of Object.entries(Resources)) {
    const text = JSON.stringify(resource);
    if (text.includes(from)) Resources[id] = JSON.parse(text.replaceAll(from, to));
  }
}

/** Property maps hold text only (CloudFormation template reference, PropertyGroup). */
function textProperties({ Properties }) {
  const { PropertyGroups } = Properties.ApplicationConfiguration.EnvironmentProperties;
  for (const { PropertyMap } of PropertyGroups)
    for (const [name, value] of Object.entries(PropertyMap))
      if (typeof value === 'number') PropertyMap[name] = String(value);
}

/** Functions that newly run windows begin where `windowsFrom` says: the framework's events cannot say it by a parameter. */
function beginAt(from, applications, { Resources }) {
  if (from === ALL) return;
  const functions = new Set(applications.map(({ Function: name }) => name));
  for (const { Type, Properties } of Object.values(Resources)) {
    if (Type !== 'AWS::Lambda::EventSourceMapping') continue;
    const name = Properties.FunctionName?.['Fn::GetAtt']?.[0] ?? Properties.FunctionName?.Ref;
    if (!functions.has(name)) continue;
    Properties.StartingPosition = 'AT_TIMESTAMP';
    Properties.StartingPositionTimestamp = Date.parse(from) / 1000;
  }
}

/** Whoever reads what another application writes starts before it, and so misses nothing. */
function namesInStartOrder(template) {
  const applications = applicationsOf(template).filter(({ Application }) => Application !== undefined);
  const isFedBy = ({ Input }, { Outputs = {} }) =>
    Object.values(Outputs).some(({ Stream }) => Stream === Input);
  const depth = (one) =>
    Math.max(
      0,
      ...applications
        .filter((other) => other !== one && isFedBy(one, other))
        .map((other) => depth(other) + 1),
    );
  return applications
    .map((application) => ({ application, depth: depth(application) }))
    .sort((a, b) => b.depth - a.depth)
    .map(({ application }) => template.Resources[application.Application].Properties.ApplicationName);
}

module.exports = { applicationsOf, beginAt, nameJar, namesInStartOrder, textProperties };
