import { Aws, Fn, Validations } from 'aws-cdk-lib';
import { AccessLogFormat } from 'aws-cdk-lib/aws-apigateway';
import { HttpApi, HttpMethod, HttpStage, LogGroupLogDestination } from 'aws-cdk-lib/aws-apigatewayv2';
import { HttpLambdaIntegration } from 'aws-cdk-lib/aws-apigatewayv2-integrations';
import { Stats } from 'aws-cdk-lib/aws-cloudwatch';
import type { IFunction } from 'aws-cdk-lib/aws-lambda';
import { LogGroup } from 'aws-cdk-lib/aws-logs';
import { Construct } from 'constructs';
import { COMPATIBILITY_ROUTES, DOCS_ROUTES } from '../../functions/names.ts';
import { ALARM_PERIOD } from './alarms.ts';
import type { Foundation } from './foundation.ts';

export interface GatewayProps extends Foundation {
  readonly api: IFunction;
}

/** The HTTP API: which paths there are. Its function itself asks for a key. */
export class Gateway extends Construct {
  readonly url: string;
  readonly stage: HttpStage;
  readonly accessLogs: LogGroup;

  constructor(scope: Construct, id: string, { api, tuning, alarms, removalPolicy }: GatewayProps) {
    super(scope, id);

    const httpApi = new HttpApi(this, 'Api', {
      apiName: 'Posthorn',
      description: 'Posthorn: webhooks as a service',
      createDefaultStage: false,
    });
    this.url = httpApi.apiEndpoint;

    const integration = new HttpLambdaIntegration('Integration', api, { scopePermissionToRoute: false });
    const vendorPaths = tuning.compatibility.map((vendor) => COMPATIBILITY_ROUTES[vendor]);
    const routes = [
      ...['/v1/{proxy+}', ...vendorPaths].map((path) => ({ path, methods: [HttpMethod.ANY] })),
      ...DOCS_ROUTES.map((path) => ({ path, methods: [HttpMethod.GET] })),
    ];
    for (const route of routes.flatMap((one) => httpApi.addRoutes({ ...one, integration })))
      Validations.of(route).acknowledge({
        id: 'AwsSolutions-APIG4',
        reason:
          'The function authenticates each request itself, see docs/decisions/009-the-api-authenticates-itself.md.',
      });

    this.accessLogs = new LogGroup(this, 'AccessLogs', {
      logGroupName: ACCESS_LOG_GROUP,
      retention: tuning.logRetentionDays,
      removalPolicy,
    });
    this.stage = new HttpStage(this, 'Stage', {
      httpApi,
      stageName: '$default',
      autoDeploy: true,
      throttle: { rateLimit: tuning.throttleRate, burstLimit: tuning.throttleBurst },
      accessLogSettings: { destination: new LogGroupLogDestination(this.accessLogs), format: ACCESS_LOG_FORMAT },
    });

    const serverErrors = this.stage.metricServerError({ period: ALARM_PERIOD, statistic: Stats.SUM });
    alarms.add(this, 'ServerErrorsAlarm', 'serverErrorsOfTheApi', serverErrors);
  }
}

/**
 * Under this prefix, log groups share a line of the account's resource policy for logs, which has room for few of them. A name
 * that holds the stack's own id blocks neither a second deployment beside this one nor the next after this one.
 */
const ACCESS_LOG_GROUP = `/aws/vendedlogs/posthorn/${Aws.STACK_NAME}/${Fn.select(2, Fn.split('/', Aws.STACK_ID))}`;

/** The path, not the query and no header: neither keys nor what is searched for get into the log. */
const ACCESS_LOG_FORMAT = AccessLogFormat.custom(
  JSON.stringify({
    requestId: '$context.requestId',
    time: '$context.requestTime',
    ip: '$context.identity.sourceIp',
    method: '$context.httpMethod',
    path: '$context.path',
    route: '$context.routeKey',
    status: '$context.status',
    bytes: '$context.responseLength',
    latencyMs: '$context.responseLatency',
    integrationError: '$context.integrationErrorMessage',
  }),
);
