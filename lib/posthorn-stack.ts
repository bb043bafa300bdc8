import { CfnOutput, RemovalPolicy, Stack, type StackProps } from 'aws-cdk-lib';
import type { Construct } from 'constructs';
import { Posthorn } from './posthorn.ts';
import type { PosthornProps } from './posthorn-props.ts';
import { propsFromContext } from './settings.ts';

export interface PosthornStackProps extends StackProps {
  /** Go before the settings in the CDK context. */
  readonly overrides?: PosthornProps;
}

/** Posthorn alone in a stack, set up by CDK context. */
export class PosthornStack extends Stack {
  constructor(scope: Construct, id: string, { overrides, ...stackProps }: PosthornStackProps = {}) {
    super(scope, id, { description: 'Posthorn: webhooks as a service', ...stackProps });

    const props = { ...propsFromContext(this), ...overrides };
    this.terminationProtection = props.removalPolicy !== RemovalPolicy.DESTROY;
    const posthorn = new Posthorn(this, 'Posthorn', props);

    new CfnOutput(this, 'ApiUrl', { value: posthorn.apiUrl, description: 'The HTTP API' });
    new CfnOutput(this, 'EventsQueueUrl', {
      value: posthorn.eventsQueueUrl,
      description: 'Where events are published',
    });
    new CfnOutput(this, 'EventsQueueArn', { value: posthorn.eventsQueueArn, description: 'For grants to publishers' });
    new CfnOutput(this, 'AdminKeySecretArn', {
      value: posthorn.adminKeySecretArn,
      description: 'The secret that holds the admin key of the HTTP API',
    });
  }
}
