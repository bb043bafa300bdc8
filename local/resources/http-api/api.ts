import { z } from 'zod';
import { StartError } from '../../errors.ts';
import type { ResourceType } from '../../template/resource-type.ts';
import type { Stack } from '../../template/stack.ts';
import { functionNamed } from '../functions/function.ts';
import type { FunctionSpec } from '../functions/handler-protocol.ts';
import { Cors } from './cors.ts';

/** A route of the stack's HTTP API. */
export interface Route {
  /** `GET /docs/{asset}` or `ANY /v1/{proxy+}`. */
  routeKey: string;
  functionName: string;
}

const API = {
  type: 'AWS::ApiGatewayV2::Api',
  schema: z.strictObject({ ProtocolType: z.literal('HTTP'), CorsConfiguration: Cors.optional() }),
  withoutMeaning: ['Name', 'Description', 'DisableExecuteApiEndpoint'],
  attributes: (id, { apiUrl }) => ({ ref: id, ApiEndpoint: apiUrl }),
} satisfies ResourceType;

const STAGE = {
  type: 'AWS::ApiGatewayV2::Stage',
  schema: z.strictObject({
    StageName: z.literal('$default', 'only the stage $default is served'),
    AutoDeploy: z.literal(true),
  }),
  // One machine is slower than any throttle that is of use in AWS.
  withoutMeaning: ['ApiId', 'DefaultRouteSettings', 'AccessLogSettings'],
} satisfies ResourceType;

const INTEGRATION = {
  type: 'AWS::ApiGatewayV2::Integration',
  schema: z.strictObject({
    IntegrationType: z.literal('AWS_PROXY'),
    IntegrationUri: z.string(),
    PayloadFormatVersion: z.literal('2.0'),
  }),
  withoutMeaning: ['ApiId'],
} satisfies ResourceType;

const ROUTE = {
  type: 'AWS::ApiGatewayV2::Route',
  schema: z.strictObject({
    RouteKey: z.string(),
    Target: z.string(),
    // Posthorn's API authenticates each request itself.
    AuthorizationType: z.literal('NONE'),
  }),
  withoutMeaning: ['ApiId'],
} satisfies ResourceType;

export const API_TYPES = [API, STAGE, INTEGRATION, ROUTE];

export function readRoutes(stack: Stack, functions: readonly FunctionSpec[]): Route[] {
  if (stack.all(API).length !== 1 || stack.all(STAGE).length !== 1) {
    throw new StartError('The stack needs exactly one HTTP API with a stage.');
  }
  const integrations = new Map(stack.all(INTEGRATION).map((item) => [`integrations/${item.id}`, item.properties]));
  return stack.all(ROUTE).map(({ id, properties }) => {
    const integration = integrations.get(properties.Target);
    if (!integration) throw new StartError(`The route ${id} has no integration.`);
    return { routeKey: properties.RouteKey, functionName: functionNamed(integration.IntegrationUri, functions) };
  });
}

/** Null: browsers let no page of another origin use the API. */
export function readCors(stack: Stack): Cors | null {
  return stack.all(API)[0]?.properties.CorsConfiguration ?? null;
}
