import { Duration, Validations } from 'aws-cdk-lib';
import { AccessLogFormat } from 'aws-cdk-lib/aws-apigateway';
import { HttpApi, HttpMethod, HttpStage, LogGroupLogDestination } from 'aws-cdk-lib/aws-apigatewayv2';
import type { HttpLambdaAuthorizer } from 'aws-cdk-lib/aws-apigatewayv2-authorizers';
import { HttpLambdaIntegration } from 'aws-cdk-lib/aws-apigatewayv2-integrations';
import type { IFunction } from 'aws-cdk-lib/aws-lambda';
import { LogGroup } from 'aws-cdk-lib/aws-logs';
import { Construct } from 'constructs';
import { COMPATIBILITY_ROUTES, PUBLIC_ROUTES } from '../../functions/names.ts';
import type { Foundation } from './foundation.ts';

export interface GatewayProps extends Foundation {
  readonly api: IFunction;
  readonly authorizer: HttpLambdaAuthorizer;
}

/** The HTTP API: which paths there are, and which of them need a key. */
export class Gateway extends Construct {
  readonly url: string;

  constructor(scope: Construct, id: string, { api, authorizer, tuning, alarms, removalPolicy }: GatewayProps) {
    super(scope, id);

    const httpApi = new HttpApi(this, 'Api', {
      apiName: 'Posthorn',
      description: 'Posthorn: webhooks as a service',
      createDefaultStage: false,
    });
    this.url = httpApi.apiEndpoint;

    const integration = new HttpLambdaIntegration('Integration', api, { scopePermissionToRoute: false });
    httpApi.addRoutes({ path: '/v1/{proxy+}', methods: [HttpMethod.ANY], integration, authorizer });
    for (const vendor of tuning.compatibility)
      httpApi.addRoutes({
        path: COMPATIBILITY_ROUTES[vendor],
        methods: [HttpMethod.ANY],
        integration,
        authorizer,
      });
    for (const path of PUBLIC_ROUTES)
      for (const route of httpApi.addRoutes({ path, methods: [HttpMethod.GET], integration }))
        Validations.of(route).acknowledge({
          id: 'AwsSolutions-APIG4',
          reason: 'Health and documentation are public: they tell nothing of any tenant.',
        });

    const accessLogs = new LogGroup(this, 'AccessLogs', { retention: tuning.logRetentionDays, removalPolicy });
    const stage = new HttpStage(this, 'Stage', {
      httpApi,
      stageName: '$default',
      autoDeploy: true,
      throttle: { rateLimit: tuning.throttleRate, burstLimit: tuning.throttleBurst },
      accessLogSettings: { destination: new LogGroupLogDestination(accessLogs), format: ACCESS_LOG_FORMAT },
    });

    alarms.add(this, 'ServerErrorsAlarm', stage.metricServerError({ period: Duration.minutes(5), statistic: 'Sum' }), {
      above: 0,
      periodsOfThree: 2,
      description: 'The HTTP API keeps answering with server errors.',
      runbook: 'server-errors-of-the-api',
    });
  }
}

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
    authorizerError: '$context.authorizer.error',
    integrationError: '$context.integrationErrorMessage',
  }),
);
