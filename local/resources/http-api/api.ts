import { z } from 'zod';
import { StartError } from '../../errors.ts';
import { number, type ResourceType } from '../../template/resource-type.ts';
import type { Stack } from '../../template/stack.ts';
import { functionNamed } from '../functions/function.ts';
import type { FunctionSpec } from '../functions/handler-protocol.ts';

/** The HTTP API of the stack, as the gateway serves it. */
export interface ApiPlan {
  apiId: string;
  stage: string;
  routes: Route[];
}

export interface Route {
  /** `GET /docs/{asset}`, `ANY /v1/{proxy+}` or `$default`. */
  routeKey: string;
  functionName: string;
  /** After this the gateway answers 503; AWS allows 30 s at most. */
  timeoutMs: number;
}

const API = {
  type: 'AWS::ApiGatewayV2::Api',
  schema: z.strictObject({ ProtocolType: z.literal('HTTP') }),
  withoutMeaning: ['Name', 'Description', 'Tags'],
  attributes: (id, _properties, { apiUrl }) => ({ ref: id, ApiEndpoint: apiUrl }),
} satisfies ResourceType;

const STAGE = {
  type: 'AWS::ApiGatewayV2::Stage',
  schema: z.strictObject({
    ApiId: z.string(),
    StageName: z.literal('$default', 'only the stage $default is served'),
    AutoDeploy: z.literal(true),
  }),
  // One machine is slower than any throttle that is of use in AWS.
  withoutMeaning: ['DefaultRouteSettings', 'AccessLogSettings', 'Description', 'Tags'],
} satisfies ResourceType;

const INTEGRATION = {
  type: 'AWS::ApiGatewayV2::Integration',
  schema: z.strictObject({
    ApiId: z.string(),
    IntegrationType: z.literal('AWS_PROXY'),
    IntegrationUri: z.string(),
    PayloadFormatVersion: z.literal('2.0'),
    TimeoutInMillis: number.default(30_000),
  }),
  withoutMeaning: ['Description'],
} satisfies ResourceType;

const ROUTE = {
  type: 'AWS::ApiGatewayV2::Route',
  schema: z.strictObject({
    ApiId: z.string(),
    RouteKey: z.string(),
    Target: z.string(),
    // Posthorn's API authenticates each request itself.
    AuthorizationType: z.literal('NONE').default('NONE'),
  }),
} satisfies ResourceType;

export const API_TYPES = [API, STAGE, INTEGRATION, ROUTE];

/** After this API Gateway gives up on a function. */
const MAX_INTEGRATION_MS = 30_000;

export function readApi(stack: Stack, functions: readonly FunctionSpec[]): ApiPlan {
  const [api, ...more] = stack.all(API);
  const [stage] = stack.all(STAGE);
  if (!api || !stage || more.length > 0) throw new StartError('The stack needs exactly one HTTP API with a stage.');
  const integrations = new Map(stack.all(INTEGRATION).map((item) => [item.id, item.properties]));
  return {
    apiId: api.id,
    stage: stage.properties.StageName,
    routes: stack.all(ROUTE).map(({ id, properties }) => {
      const integration = integrations.get(properties.Target.replace(/^integrations\//, ''));
      if (!integration) throw new StartError(`The route ${id} has no integration.`);
      return {
        routeKey: properties.RouteKey,
        functionName: functionNamed(integration.IntegrationUri, functions),
        timeoutMs: Math.min(integration.TimeoutInMillis, MAX_INTEGRATION_MS),
      };
    }),
  };
}
