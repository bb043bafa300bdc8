import { type RemovalPolicy, Validations } from 'aws-cdk-lib';
import { type IKey, Key } from 'aws-cdk-lib/aws-kms';
import { type ISecret, Secret } from 'aws-cdk-lib/aws-secretsmanager';
import { Construct } from 'constructs';
import type { Foundation } from './foundation.ts';

/** The key that encrypts the data keys of subscriptions' secrets, and the company's key for the API. */
export class Keys extends Construct {
  readonly encryption: IKey;
  readonly admin: ISecret | Secret;

  constructor(scope: Construct, id: string, { tuning, removalPolicy }: Foundation) {
    super(scope, id);

    const { encryptionKeyArn, adminKeySecretArn } = tuning.adopt;
    this.encryption =
      encryptionKeyArn === undefined
        ? new Key(this, 'Encryption', {
            description: 'Encrypts the data keys of webhook signing secrets',
            enableKeyRotation: true,
            // It cannot become one later, and no other key reads the Catalog's secrets: a lost region would take them with it.
            multiRegion: true,
            removalPolicy,
          })
        : Key.fromKeyArn(this, 'AdoptedEncryption', encryptionKeyArn);
    this.admin =
      adminKeySecretArn === undefined
        ? this.makeAdminKey(removalPolicy)
        : Secret.fromSecretCompleteArn(this, 'AdoptedAdmin', adminKeySecretArn);
  }

  private makeAdminKey(removalPolicy: RemovalPolicy): Secret {
    const admin = new Secret(this, 'Admin', {
      description: 'The admin key of the HTTP API of Posthorn',
      generateSecretString: { passwordLength: 40, excludePunctuation: true },
      removalPolicy,
    });
    Validations.of(admin).acknowledge({
      id: 'AwsSolutions-SMG4',
      reason:
        'The services of the company hold this key: rotating it behind their backs would lock them out. It is changed by hand, see docs/runbook.md.',
    });
    return admin;
  }
}

/** What the functions bind every ciphertext to; a grant holds for nothing else that the key may encrypt. */
export const ENCRYPTION_CONTEXT_CONDITION = { StringEquals: { 'kms:EncryptionContext:app': 'posthorn' } };
