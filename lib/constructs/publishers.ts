import { createHash } from 'node:crypto';
import { Stack } from 'aws-cdk-lib';
import { CfnEventBusPolicy, type EventPattern, type IEventBus, Rule } from 'aws-cdk-lib/aws-events';
import { SqsQueue } from 'aws-cdk-lib/aws-events-targets';
import { AccountPrincipal, type IPrincipal, PolicyStatement, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { Queue } from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';
import type { DataKey } from './data-key.ts';
import type { WorkQueue } from './work-queue.ts';

export interface PublishersProps {
  readonly events: WorkQueue;
  readonly dataKey: DataKey | undefined;
  readonly principals: IPrincipal[];
  readonly accounts: readonly string[];
  readonly eventBus: IEventBus | undefined;
  readonly eventPattern: EventPattern | undefined;
}

/** Who may publish without the HTTP API: principals and accounts that send to the events queue, and an EventBridge bus. */
export class Publishers extends Construct {
  constructor(scope: Construct, id: string, props: PublishersProps) {
    super(scope, id);
    const { events, accounts, eventBus, eventPattern, dataKey } = props;

    const principals = [...props.principals, ...accounts.map((account) => new AccountPrincipal(account))];
    if (principals.length > 0)
      events.allow(
        events.queue,
        new PolicyStatement({ principals, actions: ['sqs:SendMessage'], resources: [events.queue.queueArn] }),
      );

    dataKey?.allowSending(principals);

    if (!eventBus || !eventPattern) return;
    const rule = new Rule(this, 'Rule', {
      eventBus,
      eventPattern,
      // What EventBridge cannot hand over within its 24 hours of tries would otherwise be lost.
      targets: [new SqsQueue(events.queue, { deadLetterQueue: events.deadLetters })],
    });
    // The target adds the same to the policies of the stack's own queues, and cannot to those that are adopted.
    for (const queue of [events.queue, events.deadLetters])
      if (!(queue instanceof Queue))
        events.allow(
          queue,
          new PolicyStatement({
            principals: [new ServicePrincipal('events.amazonaws.com')],
            actions: ['sqs:SendMessage'],
            resources: [queue.queueArn],
            conditions: { ArnEquals: { 'aws:SourceArn': rule.ruleArn } },
          }),
        );
    // A rule cannot have a queue of another region as its target: from there events come over this bus.
    for (const account of accounts) {
      // The bus may have other statements, also of another Posthorn, whose construct may have the same path.
      const sid = `${hashOf(Stack.of(this).stackName, this.node.addr)}-${account}`;
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

function hashOf(...texts: string[]): string {
  return createHash('sha256').update(texts.join(' ')).digest('hex').slice(0, 32);
}
