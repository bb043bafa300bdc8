import { Duration } from 'aws-cdk-lib';
import { Match } from 'aws-cdk-lib/assertions';
import { expect, test } from 'vitest';
import { plainValue, propertiesOf, synthesize } from './synthesize.ts';

const AUTHORIZER = 'AWS::ApiGatewayV2::Authorizer';
const STAGE = 'AWS::ApiGatewayV2::Stage';

test('everything under /v1 needs a key, but for what is public', () => {
  const routes = Object.values(propertiesOf(synthesize(), 'AWS::ApiGatewayV2::Route'));
  expect(Object.fromEntries(routes.map((route) => [route.RouteKey, route.AuthorizationType]))).toEqual({
    'ANY /v1/{proxy+}': 'CUSTOM',
    'GET /v1/health': 'NONE',
    'GET /v1/openapi.json': 'NONE',
    'GET /docs': 'NONE',
    'GET /docs/{asset}': 'NONE',
  });
  const closed = routes.find((route) => route.AuthorizationType === 'CUSTOM');
  expect(plainValue(closed?.AuthorizerId)).toBe('PosthornGatewayApiAuthorizer');
});

test("vendors' own routes are there only where they are asked for, and need a key as /v1 does", () => {
  const closedOf = (compatibility: ('keypay' | 'staffology')[]) =>
    Object.values(propertiesOf(synthesize({ compatibility }), 'AWS::ApiGatewayV2::Route'))
      .filter(({ AuthorizationType }) => AuthorizationType === 'CUSTOM')
      .map(({ RouteKey, AuthorizerId }) => [RouteKey, plainValue(AuthorizerId)]);
  const authorizer = 'PosthornGatewayApiAuthorizer';
  const [v1, keypay, staffology] = ['/v1', '/business', '/employers'].map((path) => [
    `ANY ${path}/{proxy+}`,
    authorizer,
  ]);
  expect(closedOf([])).toEqual([v1]);
  expect(closedOf(['staffology'])).toEqual([v1, staffology]);
  expect(closedOf(['keypay', 'staffology'])).toEqual([v1, keypay, staffology]);
});

test('which vendors they are is known to the API, and a vendor that is not known is refused', () => {
  const variables = (context: Record<string, unknown>) =>
    propertiesOf(synthesize({}, context), 'AWS::Lambda::Function').PosthornApiFunctionLambda;
  expect(variables({ compatibility: 'keypay, staffology' })).toMatchObject({
    Environment: { Variables: { COMPATIBILITY: 'keypay,staffology' } },
  });
  expect(variables({})).toMatchObject({ Environment: { Variables: { COMPATIBILITY: '' } } });
  expect(() => synthesize({}, { compatibility: 'bindbee' })).toThrow(
    /compatibility.*must be one of keypay, staffology/,
  );
});

test('each request is authorized, also one without a key, so that the API itself answers 401', () => {
  synthesize().hasResourceProperties(AUTHORIZER, {
    AuthorizerType: 'REQUEST',
    AuthorizerPayloadFormatVersion: '2.0',
    EnableSimpleResponses: true,
    AuthorizerResultTtlInSeconds: 0,
    IdentitySource: [],
  });
});

test('an authorization that is reused is found again by its key', () => {
  synthesize({ authorizerCache: Duration.minutes(5) }).hasResourceProperties(AUTHORIZER, {
    AuthorizerResultTtlInSeconds: 300,
    IdentitySource: ['$request.header.Authorization'],
  });
});

test('the stage deploys itself, throttles, and logs neither headers nor queries', () => {
  const template = synthesize({ throttle: { rate: 50, burst: 20 } });
  template.hasResourceProperties(STAGE, {
    StageName: '$default',
    AutoDeploy: true,
    DefaultRouteSettings: { ThrottlingRateLimit: 50, ThrottlingBurstLimit: 20 },
    AccessLogSettings: { DestinationArn: Match.anyValue(), Format: Match.anyValue() },
  });
  const { AccessLogSettings } = Object(propertiesOf(template, STAGE).PosthornGatewayStage);
  expect(plainValue(AccessLogSettings.DestinationArn)).toBe('PosthornGatewayAccessLogs.Arn');
  const fields = JSON.parse(AccessLogSettings.Format);
  expect(fields).toMatchObject({ requestId: '$context.requestId', status: '$context.status' });
  expect(JSON.stringify(fields)).not.toMatch(/header|query/i);
});

test('what a client or a script must know is put out', () => {
  const outputs = Object.entries(synthesize().findOutputs('*'));
  expect(Object.fromEntries(outputs.map(([id, { Value }]) => [id, plainValue(Value)]))).toEqual({
    ApiUrl: 'PosthornGatewayApi.ApiEndpoint',
    EventsQueueUrl: 'PosthornQueuesEventsQueue',
    EventsQueueArn: 'PosthornQueuesEventsQueue.Arn',
    AdminKeySecretArn: 'PosthornKeysAdmin',
  });
});
