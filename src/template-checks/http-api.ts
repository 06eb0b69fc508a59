import type { Check } from './finding.ts';
import { nested } from './template-view.ts';

/** Every route asks who calls, and every stage has access logs and a throttle. */
export const httpApi: Check = {
  name: 'http-api',
  run: ({ ofType }) => [
    ...ofType('AWS::ApiGatewayV2::Route')
      .filter(({ properties }) => (properties.AuthorizationType ?? 'NONE') === 'NONE')
      .map(({ id, properties }) => ({
        resource: id,
        about: String(properties.RouteKey),
        message: `Cannot open '${properties.RouteKey}' to everybody: give the route an authorizer`,
      })),
    ...ofType('AWS::ApiGatewayV2::Stage').flatMap(({ id, properties }) => {
      const settings = nested(properties, 'DefaultRouteSettings');
      return [
        ...(nested(properties, 'AccessLogSettings').DestinationArn === undefined
          ? [
              {
                resource: id,
                about: 'AccessLogSettings',
                message: 'Cannot tell who called: set AccessLogSettings',
              },
            ]
          : []),
        ...(settings.ThrottlingRateLimit === undefined || settings.ThrottlingBurstLimit === undefined
          ? [
              {
                resource: id,
                about: 'DefaultRouteSettings',
                message: 'Cannot bound the cost of calls: set ThrottlingRateLimit and ThrottlingBurstLimit',
              },
            ]
          : []),
      ];
    }),
  ],
};
