import { Match, type Template } from 'aws-cdk-lib/assertions';
import { AccountPrincipal } from 'aws-cdk-lib/aws-iam';
import { describe, expect, test } from 'vitest';
import { plainValue, posthornStack, propertiesOf, synthesize } from './synthesize.ts';

const API = 'AWS::ApiGatewayV2::Api';
const CERTIFICATE = 'arn:aws:acm:eu-central-1:111122223333:certificate/1';
const ZONE = { id: 'Z0123456789', name: 'example.com' };

describe('a domain of the company’s own', () => {
  test('with a hosted zone: certificate and record are made, and execute-api is switched off', () => {
    const template = synthesize({}, { domainName: 'hooks.example.com', hostedZone: ZONE });
    template.hasResourceProperties(API, { DisableExecuteApiEndpoint: true });
    template.hasResourceProperties('AWS::ApiGatewayV2::DomainName', {
      DomainName: 'hooks.example.com',
      DomainNameConfigurations: [Match.objectLike({ SecurityPolicy: 'TLS_1_2', EndpointType: 'REGIONAL' })],
    });
    template.hasResourceProperties('AWS::CertificateManager::Certificate', { DomainName: 'hooks.example.com' });
    template.hasResourceProperties('AWS::Route53::RecordSet', { Name: 'hooks.example.com.', Type: 'A' });
    template.resourceCountIs('AWS::ApiGatewayV2::ApiMapping', 1);
    const { ApiUrl, DomainTarget } = template.findOutputs('*');
    expect(JSON.stringify(ApiUrl?.Value)).toMatch(/https:\/\//);
    expect(JSON.stringify(ApiUrl?.Value)).not.toContain('ApiEndpoint');
    expect(plainValue(DomainTarget?.Value)).toBe('PosthornDomainName.RegionalDomainName');
  });

  test('with a certificate alone: the name is pointed at it by hand', () => {
    const template = synthesize({}, { domainName: 'hooks.example.com', certificateArn: CERTIFICATE });
    template.hasResourceProperties('AWS::ApiGatewayV2::DomainName', {
      DomainNameConfigurations: [Match.objectLike({ CertificateArn: CERTIFICATE })],
    });
    for (const type of ['CertificateManager::Certificate', 'Route53::RecordSet'])
      template.resourceCountIs(`AWS::${type}`, 0);
  });

  test('a zone may be given as Route 53 lists it, and the name may be the zone’s own', () => {
    for (const [domainName, name] of [
      ['hooks.example.com', 'example.com.'],
      ['example.com', 'example.com'],
    ])
      synthesize({}, { domainName, hostedZone: { ...ZONE, name } }).hasResourceProperties('AWS::Route53::RecordSet', {
        Name: `${domainName}.`,
      });
  });

  test('is not there unless it is asked for', () => {
    synthesize().resourceCountIs('AWS::ApiGatewayV2::DomainName', 0);
    synthesize().allResourcesProperties(API, { DisableExecuteApiEndpoint: false });
  });

  test.each([
    [{ domainName: 'hooks.example.com' }, 'needs a certificate for hooks.example.com, or the hosted zone'],
    [{ certificateArn: CERTIFICATE }, 'no domainName'],
    [{ domainName: 'https://hooks.example.com', certificateArn: CERTIFICATE }, 'domainName: must be a host name'],
    [{ domainName: 'hooks.example.com', hostedZone: 'example.com' }, 'hostedZone: must be JSON'],
    [{ domainName: 'hooks.example.org', hostedZone: ZONE }, 'hooks.example.org is not in the hosted zone example.com'],
    [{ domainName: 'hooks-example.com', hostedZone: ZONE }, 'hooks-example.com is not in the hosted zone example.com'],
  ])('%j is refused', (context, message) => {
    expect(() => posthornStack({}, context)).toThrow(message);
  });
});

describe('pages of other origins', () => {
  test('may call the API if they are named', () => {
    synthesize({ corsOrigins: ['https://portal.example.com'] }).hasResourceProperties(API, {
      CorsConfiguration: {
        AllowOrigins: ['https://portal.example.com'],
        AllowMethods: ['*'],
        AllowHeaders: ['authorization', 'content-type', 'idempotency-key', 'if-match', 'if-none-match'],
        ExposeHeaders: ['etag', 'location', 'retry-after'],
        AllowCredentials: Match.absent(),
      },
    });
    synthesize().hasResourceProperties(API, { CorsConfiguration: Match.absent() });
  });

  test.each(['portal.example.com', 'https://portal.example.com/', 'https://*/x', 'https://*.example.com'])(
    '%s is no origin',
    (corsOrigins) => {
      expect(() => posthornStack({}, { corsOrigins })).toThrow('corsOrigins.0: must be an origin');
    },
  );
});

describe('a key of the company’s own', () => {
  let made: Template | undefined;
  const template = () => {
    made ??= synthesize({ dataKey: 'new', publishers: [new AccountPrincipal('444455556666')] });
    return made;
  };
  const keyOf = (value: unknown) => plainValue(value);

  test('encrypts each table, queue and log group', () => {
    const tables = Object.values(propertiesOf(template(), 'AWS::DynamoDB::GlobalTable'));
    for (const { SSESpecification, Replicas } of tables) {
      expect(SSESpecification).toEqual({ SSEEnabled: true, SSEType: 'KMS' });
      expect(Replicas).toMatchObject([{ SSESpecification: { KMSMasterKeyId: expect.anything() } }]);
    }
    const queues = Object.values(propertiesOf(template(), 'AWS::SQS::Queue'));
    expect(queues.map(({ KmsMasterKeyId }) => keyOf(KmsMasterKeyId))).toEqual(Array(8).fill('PosthornDataKey.Arn'));
    const logs = Object.values(propertiesOf(template(), 'AWS::Logs::LogGroup'));
    expect(logs.length).toBeGreaterThan(5);
    expect(logs.map(({ KmsKeyId }) => keyOf(KmsKeyId))).toEqual(Array(logs.length).fill('PosthornDataKey.Arn'));
  });

  test('may be used by each function through its tables and queues alone', () => {
    const policies = Object.entries(propertiesOf(template(), 'AWS::IAM::Policy')).filter(
      ([id]) => id.includes('FunctionRole') && !/Console|Canary/.test(id),
    );
    expect(policies).toHaveLength(5);
    for (const [, { PolicyDocument }] of policies) {
      const statements: unknown[] = Object(PolicyDocument).Statement;
      expect(statements).toContainEqual(
        expect.objectContaining({
          Condition: { StringEquals: { 'kms:ViaService': [expect.anything(), expect.anything()] } },
        }),
      );
    }
  });

  test('allows logs of this account, and publishers, in its policy', () => {
    const { KeyPolicy } = Object(propertiesOf(template(), 'AWS::KMS::Key').PosthornDataKey);
    const text = JSON.stringify(KeyPolicy);
    expect(text).toContain('kms:EncryptionContext:aws:logs:arn');
    expect(text).toContain('444455556666');
  });

  test('rotates and outlives the stack', () => {
    const key = Object.entries(template().findResources('AWS::KMS::Key')).find(([id]) => id.includes('DataKey'))?.[1];
    expect(key).toMatchObject({ DeletionPolicy: 'RetainExceptOnCreate', Properties: { EnableKeyRotation: true } });
  });

  test('may be given', () => {
    const dataKey = 'arn:aws:kms:eu-central-1:111122223333:key/1';
    const given = synthesize({}, { dataKey });
    given.resourceCountIs('AWS::KMS::Key', 1);
    given.allResourcesProperties('AWS::SQS::Queue', { KmsMasterKeyId: dataKey });
    expect(() => posthornStack({}, { dataKey: 'mine' })).toThrow('dataKey: must be new, or the ARN of a key');
  });
});

test('everything that can have tags has those that were asked for', () => {
  const untagged =
    /::(Policy|QueuePolicy|Permission|EventInvokeConfig|Route|Integration|Alarm|QueryDefinition|Dashboard)$/;
  const resources = Object.values(synthesize({ tags: { team: 'integrations' } }).toJSON().Resources);
  for (const resource of resources) {
    const { Type, Properties } = Object(resource);
    if (untagged.test(Type)) continue;
    expect(JSON.stringify(Properties.Tags ?? Properties.Replicas), Type).toContain('integrations');
  }
});

test('costs can be told apart by default', () => {
  synthesize().allResourcesProperties('AWS::Lambda::Function', {
    Tags: [{ Key: 'application', Value: 'posthorn' }],
  });
});

test('the commit is told to the API', () => {
  const { Environment } = Object(
    propertiesOf(synthesize({}, { commit: '1f6311e' }), 'AWS::Lambda::Function').PosthornApiFunctionLambda,
  );
  expect(Environment.Variables).toMatchObject({ COMMIT: '1f6311e' });
  expect(() => posthornStack({}, { commit: 'a b' })).toThrow('commit: must be the name of a commit');
});
