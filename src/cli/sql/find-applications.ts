import { type ApplicationParts, ImportError, isPart, type Part, textOf } from './imported-application.ts';

const TYPE = /^AWS::KinesisAnalytics(V2)?::Application$/;

/**
 * Finds the applications in a DescribeApplication answer (either version of the API), a CloudFormation template, the
 * answer of GetTemplate, or one CloudFormation resource.
 *
 * @throws ImportError when there is none
 */
export function findApplications(value: unknown): ApplicationParts[] {
  if (!isPart(value)) throw noApplication('it is not a JSON object');
  const { ApplicationDetail: detail, Resources: resources, TemplateBody: body, Type: type } = value;
  if (isPart(detail)) return [describedApplication(detail)];
  if (typeof body === 'string') return findApplications(parseBody(body));
  if (isPart(body)) return findApplications(body);
  if (isPart(resources)) return templateApplications(resources);
  if (typeof type === 'string' && TYPE.test(type)) return templateApplications({ Application: value });
  if ('ApplicationCode' in value || 'ApplicationConfigurationDescription' in value)
    return [describedApplication(value)];
  throw noApplication('it has neither ApplicationDetail nor Resources');
}

function noApplication(why: string): ImportError {
  return new ImportError(
    `Cannot find a SQL application: ${why}; wanted a DescribeApplication answer or a CloudFormation template in JSON`,
  );
}

function parseBody(body: string): unknown {
  try {
    return JSON.parse(body);
  } catch (cause) {
    throw new ImportError('Cannot read TemplateBody: it is YAML, wanted JSON', { cause });
  }
}

/** API reference, "ApplicationDetail": version 1 has everything at the top, version 2 in nested descriptions. */
function describedApplication(detail: Part): ApplicationParts {
  const configuration = memberOf(detail, 'ApplicationConfigurationDescription');
  const sql = memberOf(configuration, 'SqlApplicationConfigurationDescription');
  const content = memberOf(
    memberOf(configuration, 'ApplicationCodeConfigurationDescription'),
    'CodeContentDescription',
  );
  return {
    name: textOf(detail.ApplicationName) ?? 'application',
    code: detail.ApplicationCode ?? content.TextContent,
    inputs: listOf(detail.InputDescriptions ?? sql.InputDescriptions),
    outputs: listOf(detail.OutputDescriptions ?? sql.OutputDescriptions),
    references: listOf(detail.ReferenceDataSourceDescriptions ?? sql.ReferenceDataSourceDescriptions),
  };
}

function templateApplications(resources: Part): ApplicationParts[] {
  const entries = Object.entries(resources).flatMap(([id, resource]) =>
    isPart(resource) && typeof resource.Type === 'string' ? [{ id, resource, type: resource.Type }] : [],
  );
  const properties = ({ resource }: { readonly resource: Part }): Part => memberOf(resource, 'Properties');
  const applications = entries.filter(({ type }) => TYPE.test(type));
  if (applications.length === 0)
    throw noApplication('the template has no AWS::KinesisAnalytics::Application');
  return applications.map((entry) => {
    const parts = resourceApplication(entry.id, properties(entry));
    const own = (suffix: string): Part[] =>
      entries
        .filter(({ type }) => TYPE.test(type.replace(suffix, '')) && type.endsWith(suffix))
        .map(properties)
        .filter(({ ApplicationName }) => namesApplication(ApplicationName, entry.id, parts.name));
    return {
      ...parts,
      outputs: [...parts.outputs, ...own('Output').map((each) => memberOf(each, 'Output'))],
      references: [
        ...parts.references,
        ...own('ReferenceDataSource').map((each) => memberOf(each, 'ReferenceDataSource')),
      ],
    };
  });
}

function resourceApplication(id: string, properties: Part): ApplicationParts {
  const configuration = memberOf(properties, 'ApplicationConfiguration');
  const sql = memberOf(configuration, 'SqlApplicationConfiguration');
  const content = memberOf(memberOf(configuration, 'ApplicationCodeConfiguration'), 'CodeContent');
  return {
    name: textOf(properties.ApplicationName) ?? id,
    code: properties.ApplicationCode ?? content.TextContent,
    inputs: listOf(properties.Inputs ?? sql.Inputs),
    outputs: listOf(sql.Outputs),
    references: listOf(sql.ReferenceDataSources),
  };
}

function namesApplication(value: unknown, id: string, name: string): boolean {
  return isPart(value) ? value.Ref === id : value === name;
}

function memberOf(owner: Part, name: string): Part {
  const value = owner[name];
  return isPart(value) ? value : {};
}

function listOf(value: unknown): readonly Part[] {
  return Array.isArray(value) ? value.filter(isPart) : [];
}
