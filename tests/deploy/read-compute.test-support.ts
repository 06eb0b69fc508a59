import {
  GetApiCommand,
  GetAuthorizersCommand,
  GetIntegrationCommand,
  GetRoutesCommand,
  GetStageCommand,
} from '@aws-sdk/client-apigatewayv2';
import { DescribeRuleCommand, ListTargetsByRuleCommand } from '@aws-sdk/client-eventbridge';
import {
  GetEventSourceMappingCommand,
  GetFunctionConfigurationCommand,
  GetFunctionEventInvokeConfigCommand,
  GetPolicyCommand,
} from '@aws-sdk/client-lambda';
import type { ReadBack } from './read-back.test-support.ts';

/** Functions, what invokes them, and the API. */
export const computeReaders: Readonly<Record<string, ReadBack>> = {
  'AWS::Lambda::Function': async ({ lambda }, { physicalId, properties }) => {
    const command = new GetFunctionConfigurationCommand({ FunctionName: physicalId });
    const configuration = await lambda.send(command);
    // Code is read back by running it; here only that some arrived.
    return { ...configuration, Code: configuration.CodeSize ? properties.Code : undefined };
  },
  'AWS::Lambda::Version': async ({ lambda }, { properties }) => {
    const [name, Qualifier] = [nameOfFunction(properties.FunctionName), '1'];
    const version = await lambda.send(new GetFunctionConfigurationCommand({ FunctionName: name, Qualifier }));
    return { ...version, FunctionName: properties.FunctionName };
  },
  'AWS::Lambda::EventInvokeConfig': async ({ lambda }, { properties }) => {
    const FunctionName = String(properties.FunctionName);
    const Qualifier = String(properties.Qualifier);
    const config = await lambda.send(new GetFunctionEventInvokeConfigCommand({ FunctionName, Qualifier }));
    const [, name, qualifier] = /:function:([^:]+):?(.*)$/.exec(config.FunctionArn ?? '') ?? [];
    return { ...config, FunctionName: name, Qualifier: qualifier };
  },
  'AWS::Lambda::EventSourceMapping': async ({ lambda }, { physicalId }) => {
    const mapping = await lambda.send(new GetEventSourceMappingCommand({ UUID: physicalId }));
    return { ...mapping, FunctionName: mapping.FunctionArn, Enabled: mapping.State === 'Enabled' };
  },
  'AWS::Lambda::Permission': async ({ lambda }, { properties }) => {
    const FunctionName = nameOfFunction(properties.FunctionName);
    const { Policy } = await lambda.send(new GetPolicyCommand({ FunctionName }));
    const { Statement } = JSON.parse(Policy ?? '{}') as { Statement: PermissionStatement[] };
    const found = Statement.find(({ Principal }) => Principal.Service === properties.Principal);
    return {
      FunctionName: found?.Resource,
      Action: found?.Action,
      Principal: found?.Principal.Service,
      SourceArn: found?.Condition?.ArnLike?.['AWS:SourceArn'],
      SourceAccount: found?.Condition?.StringEquals?.['AWS:SourceAccount'],
    };
  },
  'AWS::Events::Rule': async ({ events }, { physicalId }) => {
    const rule = await events.send(new DescribeRuleCommand({ Name: physicalId }));
    const { Targets } = await events.send(new ListTargetsByRuleCommand({ Rule: physicalId }));
    return { ...rule, Targets };
  },
  'AWS::ApiGatewayV2::Api': async ({ api }, { physicalId }) => ({
    ...(await api.send(new GetApiCommand({ ApiId: physicalId }))),
  }),
  'AWS::ApiGatewayV2::Stage': async ({ api }, { properties }) => {
    const [ApiId, StageName] = [String(properties.ApiId), String(properties.StageName)];
    return { ...(await api.send(new GetStageCommand({ ApiId, StageName }))), ApiId };
  },
  'AWS::ApiGatewayV2::Integration': async ({ api }, { physicalId, properties }) => {
    const ApiId = String(properties.ApiId);
    return { ...(await api.send(new GetIntegrationCommand({ ApiId, IntegrationId: physicalId }))), ApiId };
  },
  'AWS::ApiGatewayV2::Route': async ({ api }, { properties }) => {
    const ApiId = String(properties.ApiId);
    const { Items } = await api.send(new GetRoutesCommand({ ApiId }));
    return { ...Items?.find(({ RouteKey }) => RouteKey === properties.RouteKey), ApiId };
  },
  'AWS::ApiGatewayV2::Authorizer': async ({ api }, { physicalId, properties }) => {
    const ApiId = String(properties.ApiId);
    const { Items } = await api.send(new GetAuthorizersCommand({ ApiId }));
    return { ...Items?.find(({ AuthorizerId }) => AuthorizerId === physicalId), ApiId };
  },
};

interface PermissionStatement {
  readonly Action: string;
  readonly Resource: string;
  readonly Principal: { readonly Service: string };
  readonly Condition?: Readonly<Record<string, Readonly<Record<string, string>>>>;
}

function nameOfFunction(reference: unknown): string {
  return String(reference).split(':').at(-1) ?? '';
}
