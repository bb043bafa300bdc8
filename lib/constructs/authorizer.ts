import { Duration } from 'aws-cdk-lib';
import { HttpLambdaAuthorizer, HttpLambdaResponseType } from 'aws-cdk-lib/aws-apigatewayv2-authorizers';
import { Construct } from 'constructs';
import type { Foundation } from './foundation.ts';
import { HandlerFunction } from './handler-function.ts';
import type { Keys } from './keys.ts';
import type { Storage } from './storage.ts';

export interface AuthorizerProps extends Foundation {
  readonly storage: Storage;
  readonly keys: Keys;
}

/** Finds out whose key a request carries, and passes that on to the API's function. */
export class Authorizer extends Construct {
  readonly authorizer: HttpLambdaAuthorizer;

  constructor(scope: Construct, id: string, { storage, keys, ...foundation }: AuthorizerProps) {
    super(scope, id);
    const { functions, authorizerCacheSeconds } = foundation.tuning;

    const handler = new HandlerFunction(this, 'Function', {
      ...foundation,
      name: 'authorizer',
      timeoutSeconds: functions.authorizer.timeoutSeconds,
      environment: {
        catalogTable: storage.catalog.tableName,
        journalTable: storage.journal.tableName,
        adminSecretArn: keys.admin.secretArn,
      },
    });
    // Tenants' tokens lie in the Journal, whose TTL removes them; one counts only while its tenant is in the Catalog.
    handler.allow(['dynamodb:GetItem'], [storage.catalog.tableArn, storage.journal.tableArn]);
    handler.allow(['secretsmanager:GetSecretValue'], [keys.admin.secretArn]);

    this.authorizer = new HttpLambdaAuthorizer('Authorizer', handler.lambda, {
      responseTypes: [HttpLambdaResponseType.SIMPLE],
      resultsCacheTtl: Duration.seconds(authorizerCacheSeconds),
      // API Gateway answers a request that lacks an identity source with a plain 401 of its own, where the API answers with
      // a problem document. A cache needs one, though: it is the cache's key.
      identitySource: authorizerCacheSeconds > 0 ? ['$request.header.Authorization'] : [],
    });
  }
}
