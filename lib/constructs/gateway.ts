import { Aws, Duration, Fn, Names, Validations } from 'aws-cdk-lib';
import { AccessLogFormat } from 'aws-cdk-lib/aws-apigateway';
import {
  CorsHttpMethod,
  type CorsPreflightOptions,
  HttpApi,
  HttpMethod,
  HttpStage,
  LogGroupLogDestination,
} from 'aws-cdk-lib/aws-apigatewayv2';
import { HttpLambdaIntegration } from 'aws-cdk-lib/aws-apigatewayv2-integrations';
import { Stats } from 'aws-cdk-lib/aws-cloudwatch';
import type { IFunction } from 'aws-cdk-lib/aws-lambda';
import { LogGroup } from 'aws-cdk-lib/aws-logs';
import { Construct } from 'constructs';
import { COMPATIBILITY_ROUTES, CONSOLE_ROUTES, DOCS_ROUTES } from '../../functions/names.ts';
import { ALARM_PERIOD } from './alarms.ts';
import type { Domain } from './domain.ts';
import type { Foundation } from './foundation.ts';

export interface GatewayProps extends Foundation {
  readonly api: IFunction;
  readonly domain: Domain | undefined;
  readonly corsOrigins: readonly string[];
  /** Null: there is no console. */
  readonly console: IFunction | null;
}

/** The HTTP API: which paths there are. Its function itself asks for a key. */
export class Gateway extends Construct {
  readonly url: string;
  private readonly api: HttpApi;
  readonly stage: HttpStage;
  readonly accessLogs: LogGroup;

  constructor(scope: Construct, id: string, props: GatewayProps) {
    super(scope, id);
    const { api, console, domain, corsOrigins, tuning, alarms, removalPolicy, dataKey } = props;

    this.api = new HttpApi(this, 'Api', {
      apiName: 'Posthorn',
      description: 'Posthorn: webhooks as a service',
      createDefaultStage: false,
      // What is allowed, or blocked, for the name must hold for every way in.
      disableExecuteApiEndpoint: domain !== undefined,
      ...(corsOrigins.length > 0 && { corsPreflight: corsOf(corsOrigins) }),
    });
    const httpApi = this.api;
    this.url = domain === undefined ? httpApi.apiEndpoint : `https://${domain.name.name}`;

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

    if (console !== null) {
      const pages = new HttpLambdaIntegration('Console', console, { scopePermissionToRoute: false });
      const methods = [HttpMethod.GET, HttpMethod.HEAD];
      for (const route of CONSOLE_ROUTES.flatMap((path) => httpApi.addRoutes({ path, methods, integration: pages })))
        Validations.of(route).acknowledge({
          id: 'AwsSolutions-APIG4',
          reason: 'The console is static files without anything secret; what it shows comes from the API, with a key.',
        });
    }

    this.accessLogs = new LogGroup(this, 'AccessLogs', {
      logGroupName: `${ACCESS_LOG_GROUPS}/${Names.uniqueId(this)}`,
      retention: tuning.logRetentionDays,
      removalPolicy,
      ...(dataKey && { encryptionKey: dataKey.key }),
    });
    this.stage = new HttpStage(this, 'Stage', {
      httpApi,
      stageName: '$default',
      autoDeploy: true,
      ...(domain && { domainMapping: { domainName: domain.name } }),
      throttle: { rateLimit: tuning.throttleRate, burstLimit: tuning.throttleBurst },
      accessLogSettings: { destination: new LogGroupLogDestination(this.accessLogs), format: ACCESS_LOG_FORMAT },
    });

    const serverErrors = this.stage.metricServerError({ period: ALARM_PERIOD, statistic: Stats.SUM });
    alarms.add(this, 'ServerErrorsAlarm', 'serverErrorsOfTheApi', serverErrors);
  }

  /** A route that another construct adds. @param reason why API Gateway need not ask for a key */
  addRoute(id: string, path: string, method: HttpMethod, handler: IFunction, reason: string): void {
    const integration = new HttpLambdaIntegration(id, handler, { scopePermissionToRoute: false });
    for (const route of this.api.addRoutes({ path, methods: [method], integration }))
      Validations.of(route).acknowledge({ id: 'AwsSolutions-APIG4', reason });
  }
}

/** For pages of other origins that carry a token of a tenant. Cookies play no part, so none are allowed. */
function corsOf(origins: readonly string[]): CorsPreflightOptions {
  return {
    allowOrigins: [...origins],
    allowMethods: [CorsHttpMethod.ANY],
    allowHeaders: ['authorization', 'content-type', 'idempotency-key', 'if-match', 'if-none-match'],
    exposeHeaders: ['etag', 'location', 'retry-after'],
    maxAge: Duration.hours(1),
  };
}

/**
 * Under this prefix, log groups share a line of the account's resource policy for logs, which has room for few of them. A name
 * that holds the stack's own id blocks neither a second deployment beside this one nor the next after this one. A stack may hold
 * two, so the construct's path follows.
 */
const ACCESS_LOG_GROUPS = `/aws/vendedlogs/posthorn/${Aws.STACK_NAME}/${Fn.select(2, Fn.split('/', Aws.STACK_ID))}`;

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
