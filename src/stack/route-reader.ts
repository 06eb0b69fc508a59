import type { ReadingContext } from './read-stack.ts';
import type { RouteAuthorization } from './stack.ts';
import { StackError } from './stack-error.ts';
import { objectOf, type Properties, textOf } from './template.ts';

/** `AWS::ApiGatewayV2::Route`, to a function or straight to a queue. @throws StackError for a function that is not there */
export function readRoute(
  logicalId: string,
  properties: Properties,
  { draft, propertiesOf }: ReadingContext,
): void {
  const [method = '', path = ''] = (textOf(properties, 'RouteKey') ?? '').split(' ');
  const authorization = (textOf(properties, 'AuthorizationType') ?? 'NONE') as RouteAuthorization;
  const target = textOf(properties, 'Target') ?? '';
  const integration = propertiesOf(target.replace(/^integrations\//, ''));
  const subtype = textOf(integration, 'IntegrationSubtype');
  if (subtype === undefined) {
    draft.routes.push({ method, path, authorization, functionName: functionOfIntegration(target, draft) });
    return;
  }
  const parameters = objectOf(integration, 'RequestParameters');
  const other = Object.keys(parameters).filter((name) => name !== 'QueueUrl' && name !== 'MessageBody');
  if (
    subtype !== 'SQS-SendMessage' ||
    textOf(parameters, 'MessageBody') !== '$request.body' ||
    other.length > 0
  ) {
    const reason = `only SQS-SendMessage of $request.body is served, not ${subtype} with ${JSON.stringify(parameters)}`;
    draft.notEmulated.push({ logicalId, type: 'AWS::ApiGatewayV2::Route', reason });
    return;
  }
  const url = textOf(parameters, 'QueueUrl') ?? '';
  const queueName = url.slice(url.lastIndexOf('/') + 1);
  draft.queueRoutes.push({ method, path, authorization, queueName });
}

/** Integrations of the framework are named `HttpApiIntegration` plus the function's key. */
function functionOfIntegration(target: string, { functions }: ReadingContext['draft']): string {
  const key = target.replace(/^integrations\/HttpApiIntegration/, '');
  const found = functions.find(({ logicalId }) => logicalId === `${key}LambdaFunction`);
  if (!found) throw new StackError(`Cannot find the function of the route target '${target}'`);
  return found.name;
}
