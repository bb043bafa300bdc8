import type { APIGatewayProxyEventV2, APIGatewayProxyStructuredResultV2 } from 'aws-lambda';
import { expect } from 'vitest';
import * as z from 'zod';
import { createAuditStore } from '../../functions/adapters/dynamodb/audit.ts';
import { createDueDeliveries } from '../../functions/adapters/dynamodb/due-deliveries.ts';
import { createIdempotency } from '../../functions/adapters/dynamodb/idempotency.ts';
import { createProfiles } from '../../functions/adapters/dynamodb/profile-source.ts';
import { createStores } from '../../functions/adapters/dynamodb/stores.ts';
import { createVault } from '../../functions/adapters/kms/vault.ts';
import { createJobQueue } from '../../functions/adapters/sqs/job-queue.ts';
import { createQueues } from '../../functions/adapters/sqs/queues.ts';
import { createPublish, createWorkQueue } from '../../functions/adapters/sqs/work-queue.ts';
import { createApiHandler, type HandlerDeps } from '../../functions/api/handler.ts';
import { PROBLEMS } from '../../functions/api/http/problem.ts';
import type { Method } from '../../functions/api/http/route.ts';
import { type ApiPorts, createRoutes } from '../../functions/api/routes.ts';
import { createApiKeys } from '../../functions/core/access/api-keys.ts';
import { ANONYMOUS, type Principal, STACK_KEY } from '../../functions/core/access/principal.ts';
import { createTokens } from '../../functions/core/access/tokens.ts';
import type { QueueName } from '../../functions/core/operations/queues.ts';
import { createAddressPolicy } from '../../functions/core/target/address-policy.ts';
import { decodePath } from '../../local/resources/http-api/gateway-event.ts';
import { WAITS } from './deliver-setup.ts';
import { answered } from './domain.ts';
import { KEY_ARN, useKms, useQueues, useTables } from './emulators.ts';
import { context, recordTelemetry } from './lambda.ts';

export interface ApiRequest {
  /** Sent as JSON; text as it is. */
  body?: unknown;
  headers?: Record<string, string>;
  as?: Principal;
}

export interface ApiAnswer {
  status: number;
  headers: Record<string, unknown>;
  text: string;
  /** Null if there is no body. */
  json: unknown;
  /** Fields of the body, for tests that go on with them. */
  field: (name: string) => string;
}

export const tenantOf = (tenantId: string, readOnly = false): Principal => ({
  kind: 'token',
  id: `ptk_${'0'.repeat(26)}`,
  name: null,
  role: readOnly ? 'read' : 'admin',
  tenantId,
  endsAt: Date.UTC(2100, 0, 1),
});

const NO_SIDE_WORK = { settled: async () => {} };

/** The API's handler over the real adapters, on emulators that are started for a test file. Without its gateway. */
export function useApi() {
  const tables = useTables();
  const { sqs, connection, queues } = useQueues('events', 'deliveries', 'retries', 'jobs', 'dead');
  const kms = useKms();
  const telemetry = recordTelemetry();
  const clock = { now: Date.now() };
  const now = (): number => clock.now;
  const stores = createStores({ tables, retentionDays: 30, statsRetentionDays: 90, now });
  const idempotency = createIdempotency(tables, now);
  /** Queues' addresses are known once the tests run. */
  const deps: ApiPorts & Pick<HandlerDeps, 'authenticate' | 'isWithinLimit' | 'idempotency'> = {
    stores,
    // Keys are checked by a test of their own: here a request says who sends it.
    authenticate: async (authorization) => ({
      principal: authorization === undefined ? ANONYMOUS : JSON.parse(authorization),
      maxPerSecond: null,
    }),
    isWithinLimit: async () => true,
    idempotency,
    forgetAnswers: idempotency.forgetAnswers,
    forgetCallers: () => {},
    tokens: createTokens({ ...stores, store: stores.tokens, forgetFound: () => {}, now, random: Math.random }),
    apiKeys: createApiKeys({ ...stores, store: stores.apiKeys, forgetFound: () => {}, now, random: Math.random }),
    audit: createAuditStore({ tables, retentionDays: 400, now }),
    profiles: createProfiles(stores.profiles),
    defaultProfile: 'standard',
    compatibility: [],
    maxSubscriptionsPerTenant: 1_000,
    journalRetentionDays: 30,
    statsRetentionDays: 90,
    vault: createVault(tables, kms, KEY_ARN),
    publish: (messages) => createPublish(connection, queues.events.url)(messages),
    get queues() {
      const deadLetters = queues.dead.url;
      const of = (name: QueueName) => ({ queue: queues[name].url, deadLetters });
      return createQueues(connection, {
        events: of('events'),
        deliveries: of('deliveries'),
        retries: of('retries'),
        jobs: of('jobs'),
      });
    },
    due: createDueDeliveries(tables, now),
    deliveries: { send: (messages) => createWorkQueue(connection, queues.deliveries.url).send(messages) },
    retries: { send: (messages) => createWorkQueue(connection, queues.retries.url).send(messages) },
    jobQueue: { send: (jobs) => createJobQueue(connection, queues.jobs.url).send(jobs) },
    sender: { send: async () => answered(200) },
    urlPolicy: { addressPolicy: createAddressPolicy({ allowedPrivateRanges: [] }), allowedPorts: [], allowHttp: false },
    eventTypes: 'open',
    waits: WAITS,
    commit: 'unknown',
    attemptTimeoutMs: 15_000,
    userAgent: 'Posthorn/test',
    now,
    random: Math.random,
  };

  async function call(
    method: Method | 'TRACE' | 'OPTIONS' | 'HEAD',
    target: string,
    request: ApiRequest = {},
    changes: Partial<typeof deps> = {},
  ): Promise<ApiAnswer> {
    const ports = { ...deps, ...changes };
    const handler = createApiHandler({ ...ports, ...telemetry, routes: createRoutes(ports), sideWork: NO_SIDE_WORK });
    return readAnswer(await handler(gatewayEvent(method, target, request), context()));
  }
  return { tables, sqs, queues, deps, clock, telemetry, call };
}

function gatewayEvent(
  method: string,
  target: string,
  { body, headers = {}, as = STACK_KEY }: ApiRequest,
): APIGatewayProxyEventV2 {
  const [rawPath = '', query = ''] = target.split('?');
  const path = decodePath(rawPath);
  const text = body === undefined || typeof body === 'string' ? body : JSON.stringify(body);
  const requestContext = {
    accountId: '000000000000',
    apiId: 'api',
    domainName: 'localhost',
    domainPrefix: 'localhost',
    http: { method, path, protocol: 'HTTP/1.1', sourceIp: '127.0.0.1', userAgent: 'test' },
    requestId: 'request',
    routeKey: '$default',
    stage: '$default',
    time: '',
    timeEpoch: 0,
  };
  return {
    version: '2.0',
    routeKey: '$default',
    rawPath: path,
    rawQueryString: query,
    headers: {
      ...(text === undefined
        ? {}
        : { 'content-type': 'application/json', 'content-length': String(Buffer.byteLength(text)) }),
      // What `authenticate` above reads.
      authorization: JSON.stringify(as),
      ...headers,
    },
    ...(query === '' ? {} : { queryStringParameters: Object.fromEntries(new URLSearchParams(query)) }),
    requestContext,
    ...(text === undefined ? {} : { body: text }),
    isBase64Encoded: false,
  };
}

function readAnswer({ statusCode = 0, headers = {}, body }: APIGatewayProxyStructuredResultV2): ApiAnswer {
  const isJson = /json/.test(String(headers['content-type']));
  const json: unknown = body !== undefined && isJson ? JSON.parse(body) : null;
  return {
    status: statusCode,
    headers,
    text: body ?? '',
    json,
    field: (name) => z.string().parse(Reflect.get(Object(json), name)),
  };
}

/** A whole problem document, and nothing more. */
export function expectProblem(answer: ApiAnswer, status: number, code: string): void {
  expect(answer.json).toEqual({
    type: `urn:posthorn:problem:${code}`,
    title: expect.any(String),
    status,
    code,
    detail: expect.stringMatching(/\S/),
    errors: expect.any(Array),
  });
  expect(answer.status).toBe(status);
  expect(answer.headers['content-type']).toBe('application/problem+json');
  expect(Object.keys(PROBLEMS)).toContain(code);
}
