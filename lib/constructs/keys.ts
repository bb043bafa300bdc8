import { Validations } from 'aws-cdk-lib';
import { Key } from 'aws-cdk-lib/aws-kms';
import { Secret } from 'aws-cdk-lib/aws-secretsmanager';
import { Construct } from 'constructs';
import type { Foundation } from './foundation.ts';

/** The key that encrypts the data keys of subscriptions' secrets, and the company's key for the API. */
export class Keys extends Construct {
  readonly encryption: Key;
  readonly admin: Secret;

  constructor(scope: Construct, id: string, { removalPolicy }: Foundation) {
    super(scope, id);

    this.encryption = new Key(this, 'Encryption', {
      description: 'Encrypts the data keys of webhook signing secrets',
      enableKeyRotation: true,
      removalPolicy,
    });

    this.admin = new Secret(this, 'Admin', {
      description: 'The admin key of the HTTP API of Posthorn',
      generateSecretString: { passwordLength: 40, excludePunctuation: true },
      removalPolicy,
    });
    Validations.of(this.admin).acknowledge({
      id: 'AwsSolutions-SMG4',
      reason:
        'The services of the company hold this key: rotating it behind their backs would lock them out. It is changed by hand, see docs/runbook.md.',
    });
  }
}

/** What the functions bind every ciphertext to; a grant holds for nothing else that the key may encrypt. */
export const ENCRYPTION_CONTEXT_CONDITION = { StringEquals: { 'kms:EncryptionContext:app': 'posthorn' } };
