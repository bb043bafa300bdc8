import { Match } from 'aws-cdk-lib/assertions';
import { expect, test } from 'vitest';
import type { ConsoleProps } from '../../lib/posthorn-props.ts';
import { plainValue, propertiesOf, synthesize } from './synthesize.ts';

const STAGE = 'AWS::ApiGatewayV2::Stage';

/** The routes with what authorizes them. */
function routesOf(compatibility: ('keypay' | 'staffology')[]) {
  const routes = Object.values(propertiesOf(synthesize({ compatibility }), 'AWS::ApiGatewayV2::Route'));
  return Object.fromEntries(routes.map(({ RouteKey, AuthorizationType }) => [RouteKey, AuthorizationType]));
}

const CONSOLE = {
  'GET /console': 'NONE',
  'GET /console/{path+}': 'NONE',
  'HEAD /console': 'NONE',
  'HEAD /console/{path+}': 'NONE',
};
const OWN = {
  'ANY /v1/{proxy+}': 'NONE',
  'GET /docs': 'NONE',
  'GET /docs/{asset}': 'NONE',
  'POST /canary': 'NONE',
  ...CONSOLE,
};

test('every request reaches the function, which authenticates it itself', () => {
  expect(routesOf([])).toEqual(OWN);
  synthesize().resourceCountIs('AWS::ApiGatewayV2::Authorizer', 0);
});

test("vendors' own routes are there only where they are asked for", () => {
  expect(routesOf(['staffology'])).toEqual({ ...OWN, 'ANY /employers/{proxy+}': 'NONE' });
  expect(routesOf(['keypay', 'staffology'])).toEqual({
    ...OWN,
    'ANY /business/{proxy+}': 'NONE',
    'ANY /employers/{proxy+}': 'NONE',
  });
});

test('the console is what the company sets, or not there', () => {
  const settingsOf = (template: ReturnType<typeof synthesize>) => {
    const { Environment } = Object(propertiesOf(template, 'AWS::Lambda::Function').PosthornConsoleFunctionLambda);
    return JSON.parse(Environment.Variables.CONSOLE_SETTINGS);
  };
  const none = {
    companyName: null,
    logoUrl: null,
    accentColor: null,
    profiles: [],
    pages: ['add', 'deliveries', 'replay', 'settings', 'security', 'test', 'events', 'publish'],
    frameAncestors: [],
    signIn: null,
  };
  expect(settingsOf(synthesize())).toEqual({ ...none, defaultProfile: 'standard' });
  const set: ConsoleProps = {
    companyName: 'Acme',
    logoUrl: 'https://acme.example.com/logo.svg',
    accentColor: '#0057b8',
    profiles: ['standard', 'bindbee'],
    pages: ['deliveries', 'test'],
    frameAncestors: ['https://app.acme.example.com', 'https://*.acme.example.com'],
  };
  const expected = { ...set, signIn: null, defaultProfile: 'keypay' };
  expect(settingsOf(synthesize({ console: set, defaultProfile: 'keypay' }))).toEqual(expected);
  expect(settingsOf(synthesize({}, { console: JSON.stringify(set), defaultProfile: 'keypay' }))).toEqual(expected);

  for (const without of [synthesize({ console: false }), synthesize({}, { console: 'false' })]) {
    expect(Object.keys(propertiesOf(without, 'AWS::Lambda::Function'))).not.toContain('PosthornConsoleFunctionLambda');
    const routes = Object.values(propertiesOf(without, 'AWS::ApiGatewayV2::Route')).map(({ RouteKey }) => RouteKey);
    expect(routes.filter((key) => String(key).includes('/console'))).toEqual([]);
    expect(routes.length).toBeGreaterThan(0);
  }
});

test('whom the company’s provider lets in, the API knows; the page knows where it is', () => {
  const signIn = { issuer: 'https://id.acme.example.com/realm', clientId: 'console', adminValues: ['ops'] };
  const functions = propertiesOf(synthesize({ console: { signIn } }), 'AWS::Lambda::Function');
  const variablesOf = (name: string) => Object(functions[name]).Environment.Variables;
  expect(JSON.parse(variablesOf('PosthornApiFunctionLambda').SIGN_IN)).toMatchObject({ ...signIn, claim: 'groups' });
  expect(JSON.parse(variablesOf('PosthornConsoleFunctionLambda').CONSOLE_SETTINGS).signIn).toEqual({
    issuer: signIn.issuer,
    clientId: 'console',
    scope: 'openid profile email',
    origins: ['https://id.acme.example.com'],
  });
});

test('CloudFront stands in front of console and API if the console’s props ask for it, and keeps nothing of the API', () => {
  expect(propertiesOf(synthesize(), 'AWS::CloudFront::Distribution')).toEqual({});
  for (const [props, host] of [
    [{}, /ApiEndpoint/],
    [
      { domainName: 'hooks.example.com', certificateArn: 'arn:aws:acm:eu-central-1:111122223333:certificate/1' },
      /PosthornDomainName/,
    ],
  ] as const) {
    const template = synthesize({}, { console: { cloudFront: true }, ...props });
    const [distribution] = Object.values(propertiesOf(template, 'AWS::CloudFront::Distribution'));
    const { Origins, DefaultCacheBehavior, CacheBehaviors } = Object(distribution).DistributionConfig;
    expect(JSON.stringify(Origins[0].DomainName)).toMatch(host);
    expect(Origins).toMatchObject([{ CustomOriginConfig: { OriginProtocolPolicy: 'https-only' } }]);
    expect(DefaultCacheBehavior).toMatchObject({
      AllowedMethods: expect.arrayContaining(['GET', 'POST', 'PATCH', 'DELETE']),
      // Managed-CachingDisabled and Managed-AllViewerExceptHostHeader.
      CachePolicyId: '4135ea2d-6df8-44a3-9df3-4b5a84be39ad',
      OriginRequestPolicyId: 'b689b0a8-53d0-40ab-baf2-68738e2966ac',
      ViewerProtocolPolicy: 'https-only',
    });
    expect(CacheBehaviors.map(({ PathPattern }: { PathPattern: string }) => PathPattern)).toEqual([
      '/console',
      '/console/*',
    ]);
    template.hasResourceProperties('AWS::CloudFront::CachePolicy', {
      CachePolicyConfig: { MinTTL: 0, DefaultTTL: 0, MaxTTL: 31_536_000 },
    });
    template.hasOutput('CloudFrontUrl', {});
  }
});

test('two deployments with CloudFront in an account have cache policies of different names', () => {
  const names = ['one', 'two'].map((stackName) => {
    const template = synthesize({}, { console: { cloudFront: true }, stackName });
    const [policy] = Object.values(propertiesOf(template, 'AWS::CloudFront::CachePolicy'));
    return plainValue(Object(policy).CachePolicyConfig.Name);
  });
  expect(names[0]).toMatch(/^[\w-]{1,100}-AWS::Region$/);
  expect(names[1]).not.toBe(names[0]);
});

const SIGN_IN = { issuer: 'https://id.example.com', clientId: 'console', adminValues: ['ops'] };

test.each([
  [{ signIn: { ...SIGN_IN, issuer: 'http://id.example.com' } }, /issuer: must be an https URL/],
  [{ signIn: { ...SIGN_IN, issuer: 'https://id.example.com/?a' } }, /issuer: must be an https URL/],
  [{ signIn: { ...SIGN_IN, adminValues: [] } }, /signIn.*must name adminValues or readValues/],
  [{ signIn: { ...SIGN_IN, clientId: '' } }, /clientId/],
  [{ signIn: { ...SIGN_IN, scope: 'email' } }, /scope: must begin with openid/],
  [{ accentColor: 'yellow' }, /accentColor: must be a color/],
  [{ logoUrl: 'http://acme.example.com/logo.svg' }, /logoUrl: must be an https URL/],
  [{ pages: ['deliveries', 'billing'] }, /pages.*must be one of add, deliveries, replay/],
  [{ pages: ['replay'] }, /pages: must have deliveries/],
  [{ pages: ['publish'] }, /pages: must have events/],
  [{ frameAncestors: ['https://acme.example.com/portal'] }, /frameAncestors.*must be an origin/],
  [{ frameAncestors: ["'self'; script-src *"] }, /frameAncestors.*must be an origin/],
])('the console cannot be set so: %j', (console, message) => {
  expect(() => synthesize({}, { console: JSON.stringify(console) })).toThrow(message);
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

test('the access log has a name that the delivery of logs is allowed by, and that no other deployment has', () => {
  const { LogGroupName } = Object(propertiesOf(synthesize(), 'AWS::Logs::LogGroup').PosthornGatewayAccessLogs);
  expect(LogGroupName).toEqual({
    'Fn::Join': [
      '',
      [
        '/aws/vendedlogs/posthorn/',
        { Ref: 'AWS::StackName' },
        '/',
        { 'Fn::Select': [2, { 'Fn::Split': ['/', { Ref: 'AWS::StackId' }] }] },
        expect.stringMatching(/^\/PosthornGateway[0-9A-F]{8}$/),
      ],
    ],
  });
});

test('what a client or a script must know is put out', () => {
  const outputs = Object.entries(synthesize().findOutputs('*'));
  expect(Object.fromEntries(outputs.map(([id, { Value }]) => [id, plainValue(Value)]))).toEqual({
    ApiUrl: 'PosthornGatewayApi.ApiEndpoint',
    AdminKeySecretArn: 'PosthornKeysAdmin',
    EncryptionKeyArn: 'PosthornKeysEncryption.Arn',
    CatalogTableName: 'PosthornStorageCatalog',
    JournalTableName: 'PosthornStorageJournal',
    ...Object.assign(
      {},
      ...['Events', 'Deliveries', 'Retries', 'Jobs'].map((name) => ({
        [`${name}QueueUrl`]: `PosthornQueues${name}Queue`,
        [`${name}QueueArn`]: `PosthornQueues${name}Queue.Arn`,
        [`${name}DeadLettersUrl`]: `PosthornQueues${name}DeadLetters`,
        [`${name}DeadLettersArn`]: `PosthornQueues${name}DeadLetters.Arn`,
      })),
    ),
  });
});
