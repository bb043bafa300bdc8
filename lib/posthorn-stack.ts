import { CfnOutput, RemovalPolicy, Stack, type StackProps } from 'aws-cdk-lib';
import type { Construct } from 'constructs';
import { Posthorn } from './posthorn.ts';
import type { PosthornProps } from './posthorn-props.ts';
import { propsFromContext, stackNameFromContext } from './settings.ts';

export interface PosthornStackProps extends StackProps {
  /** Go before the settings in the CDK context. */
  readonly overrides?: PosthornProps;
}

/** Posthorn alone in a stack, set up by CDK context. */
export class PosthornStack extends Stack {
  constructor(scope: Construct, id: string, { overrides, ...stackProps }: PosthornStackProps = {}) {
    const stackName = stackNameFromContext(scope);
    super(scope, id, {
      description: 'Posthorn: webhooks as a service',
      ...(stackName && { stackName }),
      ...stackProps,
    });

    const props = { ...propsFromContext(this), ...overrides };
    this.terminationProtection = props.removalPolicy !== RemovalPolicy.DESTROY;
    const posthorn = new Posthorn(this, 'Posthorn', props);

    const output = (id: string, value: string, description: string) => new CfnOutput(this, id, { value, description });
    output('ApiUrl', posthorn.apiUrl, 'The HTTP API');
    output('AdminKeySecretArn', posthorn.adminKeySecretArn, 'The secret that holds the admin key of the HTTP API');
    output('EncryptionKeyArn', posthorn.encryptionKey.keyArn, 'The key that encrypts signing secrets');
    output('CatalogTableName', posthorn.tables.catalog.tableName, 'What the company wrote');
    output('JournalTableName', posthorn.tables.journal.tableName, 'What happened');
    if (posthorn.domain) output('DomainTarget', posthorn.domain.target, 'What a CNAME of the domain must point at');
    if (posthorn.distribution)
      output('CloudFrontUrl', `https://${posthorn.distribution.domainName}`, 'API and console behind CloudFront');
    for (const [index, address] of posthorn.egressAddresses.entries())
      output(`EgressAddress${index + 1}`, address, 'An address that requests to receivers come from');
    for (const name of QUEUES) {
      const { queue, deadLetters } = posthorn.queues[name];
      const id = `${name.charAt(0).toUpperCase()}${name.slice(1)}`;
      output(`${id}QueueUrl`, queue.queueUrl, QUEUE_TEXTS[name]);
      output(`${id}QueueArn`, queue.queueArn, QUEUE_TEXTS[name]);
      output(`${id}DeadLettersUrl`, deadLetters.queueUrl, `Messages of the ${name} queue that never finished`);
      output(`${id}DeadLettersArn`, deadLetters.queueArn, `Messages of the ${name} queue that never finished`);
    }
  }
}

const QUEUES = ['events', 'deliveries', 'retries', 'jobs'] as const;
const QUEUE_TEXTS = {
  events: 'Where events are published',
  deliveries: 'First attempts',
  retries: 'Later attempts',
  jobs: 'Pages of jobs',
};
