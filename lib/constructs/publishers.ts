import { type EventPattern, type IEventBus, Rule } from 'aws-cdk-lib/aws-events';
import { SqsQueue } from 'aws-cdk-lib/aws-events-targets';
import { type IPrincipal, PolicyStatement } from 'aws-cdk-lib/aws-iam';
import { Construct } from 'constructs';
import type { WorkQueue } from './work-queue.ts';

export interface PublishersProps {
  readonly events: WorkQueue;
  readonly principals: IPrincipal[];
  readonly eventBus: IEventBus | undefined;
  readonly eventPattern: EventPattern | undefined;
}

/** Who may publish without the HTTP API: principals that send to the events queue, and an EventBridge bus. */
export class Publishers extends Construct {
  constructor(scope: Construct, id: string, { events, principals, eventBus, eventPattern }: PublishersProps) {
    super(scope, id);

    if (principals.length > 0)
      events.queue.addToResourcePolicy(
        new PolicyStatement({ principals, actions: ['sqs:SendMessage'], resources: [events.queue.queueArn] }),
      );

    if (eventBus && eventPattern)
      new Rule(this, 'Rule', {
        eventBus,
        eventPattern,
        // What EventBridge cannot hand over within its 24 hours of tries would otherwise be lost.
        targets: [new SqsQueue(events.queue, { deadLetterQueue: events.deadLetters })],
      });
  }
}
