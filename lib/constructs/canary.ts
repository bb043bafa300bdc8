import { Duration } from 'aws-cdk-lib';
import { HttpMethod } from 'aws-cdk-lib/aws-apigatewayv2';
import { Stats } from 'aws-cdk-lib/aws-cloudwatch';
import { Rule, Schedule } from 'aws-cdk-lib/aws-events';
import { LambdaFunction } from 'aws-cdk-lib/aws-events-targets';
import { Construct } from 'constructs';
import { CANARY, METRICS } from '../../functions/names.ts';
import type { Foundation } from './foundation.ts';
import type { Gateway } from './gateway.ts';
import { HandlerFunction } from './handler-function.ts';
import type { Keys } from './keys.ts';

export interface CanaryProps extends Foundation {
  readonly gateway: Gateway;
  readonly keys: Keys;
}

/** Sends an event through the API to itself, every five minutes, and tells how long it took to come back. */
export class Canary extends Construct {
  readonly handler: HandlerFunction;

  constructor(scope: Construct, id: string, { gateway, keys, ...foundation }: CanaryProps) {
    super(scope, id);
    const { tuning, alarms } = foundation;

    this.handler = new HandlerFunction(this, 'Function', {
      ...foundation,
      name: 'canary',
      timeoutSeconds: tuning.functions.canary.timeoutSeconds,
      environment: {
        apiUrl: gateway.url,
        adminSecretArn: keys.admin.secretArn,
        eventTypes: tuning.eventTypes,
      },
    });
    this.handler.allow(['secretsmanager:GetSecretValue'], [keys.admin.secretArn]);
    gateway.addRoute(
      'Canary',
      CANARY.path,
      HttpMethod.POST,
      this.handler.entry,
      'It receives webhooks, and verifies their signature as every receiver has to.',
    );

    new Rule(this, 'Schedule', {
      schedule: Schedule.rate(Duration.minutes(5)),
      targets: [new LambdaFunction(this.handler.entry)],
    });

    const roundTrip = this.handler.metric(METRICS.canaryRoundTrip, Stats.MAXIMUM);
    alarms.add(this, 'Alarm', 'canary', roundTrip, { scale: 1_000 });
  }
}
