import { Aws, type RemovalPolicy, Stack } from 'aws-cdk-lib';
import { type IPrincipal, PolicyStatement, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { type IKey, Key } from 'aws-cdk-lib/aws-kms';
import { Construct } from 'constructs';

/** What a function does with a key by way of its tables and queues, and with no ciphertext of its own. */
const USE = [
  'kms:Decrypt',
  'kms:DescribeKey',
  'kms:Encrypt',
  'kms:GenerateDataKey',
  'kms:ReEncryptFrom',
  'kms:ReEncryptTo',
];

/** The key of the company's own that encrypts tables, queues and logs. */
export class DataKey extends Construct {
  readonly key: IKey;

  /** @param given `new`: one is made, with the policy that it needs */
  constructor(scope: Construct, id: string, given: IKey | 'new', removalPolicy: RemovalPolicy) {
    super(scope, id);
    if (given !== 'new') {
      this.key = given;
      return;
    }
    this.key = new Key(this, 'Key', {
      description: 'Encrypts the tables, queues and logs of Posthorn',
      enableKeyRotation: true,
      removalPolicy,
    });
    this.key.addToResourcePolicy(
      new PolicyStatement({
        principals: [new ServicePrincipal(`logs.${Aws.REGION}.amazonaws.com`)],
        actions: ['kms:Decrypt*', 'kms:Describe*', 'kms:Encrypt*', 'kms:GenerateDataKey*', 'kms:ReEncrypt*'],
        resources: ['*'],
        conditions: {
          ArnLike: {
            'kms:EncryptionContext:aws:logs:arn': Stack.of(this).formatArn({ service: 'logs', resource: '*' }),
          },
        },
      }),
    );
  }

  /** A function's use of its tables and queues. */
  useStatement(): PolicyStatement {
    return new PolicyStatement({
      actions: USE,
      resources: [this.key.keyArn],
      conditions: {
        StringEquals: {
          'kms:ViaService': ['dynamodb', 'sqs'].map((service) => `${service}.${Aws.REGION}.${Aws.URL_SUFFIX}`),
        },
      },
    });
  }

  /** Those who send to a queue need its key, too. A key that was given must say so in its own policy. */
  allowSending(principals: readonly IPrincipal[]): void {
    if (principals.length > 0)
      this.key.addToResourcePolicy(
        new PolicyStatement({
          principals: [...principals],
          actions: ['kms:Decrypt', 'kms:GenerateDataKey'],
          resources: ['*'],
          conditions: { StringEquals: { 'kms:ViaService': `sqs.${Aws.REGION}.${Aws.URL_SUFFIX}` } },
        }),
        true,
      );
  }
}
