import { CfnEventBusPolicy, type EventPattern, type IEventBus, Rule } from 'aws-cdk-lib/aws-events';
import { SqsQueue } from 'aws-cdk-lib/aws-events-targets';
import { AccountPrincipal, type IPrincipal, PolicyStatement } from 'aws-cdk-lib/aws-iam';
import { Construct } from 'constructs';
import type { WorkQueue } from './work-queue.ts';

export interface PublishersProps {
  readonly events: WorkQueue;
  readonly principals: IPrincipal[];
  readonly accounts: readonly string[];
  readonly eventBus: IEventBus | undefined;
  readonly eventPattern: EventPattern | undefined;
}

/** Who may publish without the HTTP API: principals and accounts that send to the events queue, and an EventBridge bus. */
export class Publishers extends Construct {
  constructor(scope: Construct, id: string, props: PublishersProps) {
    super(scope, id);
    const { events, accounts, eventBus, eventPattern } = props;

    const principals = [...props.principals, ...accounts.map((account) => new AccountPrincipal(account))];
    if (principals.length > 0)
      events.queue.addToResourcePolicy(
        new PolicyStatement({ principals, actions: ['sqs:SendMessage'], resources: [events.queue.queueArn] }),
      );

    if (!eventBus || !eventPattern) return;
    new Rule(this, 'Rule', {
      eventBus,
      eventPattern,
      // What EventBridge cannot hand over within its 24 hours of tries would otherwise be lost.
      targets: [new SqsQueue(events.queue, { deadLetterQueue: events.deadLetters })],
    });
    // A rule cannot have a queue of another region as its target: from there events come over this bus.
    for (const account of accounts) {
      // The bus may have other statements, also of another Posthorn.
      const sid = `${this.node.addr}-${account}`;
      const statement = new PolicyStatement({
        sid,
        principals: [new AccountPrincipal(account)],
        actions: ['events:PutEvents'],
        resources: [eventBus.eventBusArn],
      });
      new CfnEventBusPolicy(this, `Account${account}`, {
        eventBusName: eventBus.eventBusName,
        statementId: sid,
        statement: statement.toJSON(),
      });
    }
  }
}
