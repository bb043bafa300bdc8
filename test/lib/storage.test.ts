import { RemovalPolicy } from 'aws-cdk-lib';
import { expect, test } from 'vitest';
import { propertiesOf, synthesize } from './synthesize.ts';

const TABLE = 'AWS::DynamoDB::GlobalTable';

function keys(partition: string, sort: string) {
  return [
    { AttributeName: partition, KeyType: 'HASH' },
    { AttributeName: sort, KeyType: 'RANGE' },
  ];
}

test('the Catalog is backed up and protected, and lists through its index with all attributes', () => {
  const { PosthornStorageCatalog: catalog } = propertiesOf(synthesize(), TABLE);
  expect(catalog).toMatchObject({
    BillingMode: 'PAY_PER_REQUEST',
    KeySchema: keys('pk', 'sk'),
    GlobalSecondaryIndexes: [
      { IndexName: 'list', KeySchema: keys('listPk', 'listSk'), Projection: { ProjectionType: 'ALL' } },
    ],
    Replicas: [
      { DeletionProtectionEnabled: true, PointInTimeRecoverySpecification: { PointInTimeRecoveryEnabled: true } },
    ],
  });
  expect(catalog).not.toHaveProperty('TimeToLiveSpecification');
});

test('the Journal expires by itself, and its indexes hold keys only', () => {
  const { PosthornStorageJournal: journal } = propertiesOf(synthesize(), TABLE);
  expect(journal).toMatchObject({
    BillingMode: 'PAY_PER_REQUEST',
    KeySchema: keys('pk', 'sk'),
    TimeToLiveSpecification: { AttributeName: 'expiresAt', Enabled: true },
    GlobalSecondaryIndexes: [
      { IndexName: 'list', KeySchema: keys('listPk', 'listSk'), Projection: { ProjectionType: 'KEYS_ONLY' } },
      { IndexName: 'due', KeySchema: keys('duePk', 'dueAt'), Projection: { ProjectionType: 'KEYS_ONLY' } },
    ],
    Replicas: [
      { DeletionProtectionEnabled: true, PointInTimeRecoverySpecification: { PointInTimeRecoveryEnabled: false } },
    ],
  });
  expect(journal?.AttributeDefinitions).toContainEqual({ AttributeName: 'dueAt', AttributeType: 'N' });
});

test('the Journal can be backed up as well', () => {
  const tables = propertiesOf(synthesize({ journalPointInTimeRecovery: true }), TABLE);
  expect(tables.PosthornStorageJournal).toMatchObject({
    Replicas: [{ PointInTimeRecoverySpecification: { PointInTimeRecoveryEnabled: true } }],
  });
});

const KEPT = [TABLE, 'AWS::KMS::Key', 'AWS::SecretsManager::Secret', 'AWS::Logs::LogGroup', 'AWS::SQS::Queue'];

test.each(KEPT)(
  '%s outlives the stack, and goes with a first deployment that fails, unless it is protected',
  (type) => {
    const DeletionPolicy = type === TABLE ? 'Retain' : 'RetainExceptOnCreate';
    synthesize().allResources(type, { DeletionPolicy, UpdateReplacePolicy: 'Retain' });
  },
);

test('what a failed first deployment leaves has no name that would block the second', () => {
  const named = Object.values(synthesize().toJSON().Resources).flatMap((resource) => {
    const { Type, DeletionPolicy, Properties } = Object(resource);
    const names = Object.entries(Properties ?? {}).filter(([key]) => /Name$/.test(key) && key !== 'TimeToLiveName');
    return DeletionPolicy?.startsWith('Retain') ? names.map(([, name]) => ({ Type, name })) : [];
  });
  // It holds the stack's own id.
  expect(named).toEqual([{ Type: 'AWS::Logs::LogGroup', name: expect.anything() }]);
  expect(JSON.stringify(named)).toContain('AWS::StackId');
});

test.each(KEPT)('%s goes with the stack under DESTROY', (type) => {
  synthesize({ removalPolicy: RemovalPolicy.DESTROY }).allResources(type, {
    DeletionPolicy: 'Delete',
    UpdateReplacePolicy: 'Delete',
  });
});

test('DESTROY drops the protection of tables', () => {
  synthesize({ removalPolicy: RemovalPolicy.DESTROY }).allResourcesProperties(TABLE, {
    Replicas: [{ DeletionProtectionEnabled: false }],
  });
});

test('the key that encrypts secrets rotates, and can be taken to another region', () => {
  synthesize().allResourcesProperties('AWS::KMS::Key', { EnableKeyRotation: true, MultiRegion: true });
});

test('the admin key is generated, so that it can stand in a header as it is', () => {
  synthesize().allResourcesProperties('AWS::SecretsManager::Secret', {
    GenerateSecretString: { PasswordLength: 40, ExcludePunctuation: true },
  });
});
