import type { APIGatewayProxyEventV2, APIGatewayProxyStructuredResultV2 } from 'aws-lambda';
import * as z from 'zod';
import type { Telemetry } from '../adapters/lambda/telemetry.ts';
import type { AdminKeys } from '../core/access/authenticate.ts';
import { CANARY, METRICS } from '../names.ts';
import type { CallApi } from './call-api.ts';
import { fingerprintOf, isSigned, secretOf } from './signature.ts';

export interface CanaryHandlerDeps extends Telemetry {
  adminKeys: AdminKeys;
  callApi: CallApi;
  apiUrl: string;
  /** Strict: its event type has to be known. */
  eventTypes: 'open' | 'strict';
  now: () => number;
}

/** One that is later is what an outage held up: it says nothing of how things are now. */
const LATEST_MS = 300_000;

const TENANT_PATH = `/v1/tenants/${CANARY.tenantId}`;

const Subscriptions = z.object({
  data: z.array(
    z.object({ id: z.string(), url: z.string(), status: z.string(), metadata: z.record(z.string(), z.unknown()) }),
  ),
});

const Webhook = z.object({ data: z.object({ sentAt: z.number() }) });

/**
 * Publishes an event through the API whenever the schedule says so, and is itself its receiver: what comes back with a good signature has
 * gone the whole way, and says how long that took.
 */
export function createCanaryHandler(deps: CanaryHandlerDeps) {
  return async (
    event: APIGatewayProxyEventV2 | Record<string, unknown>,
  ): Promise<APIGatewayProxyStructuredResultV2 | undefined> =>
    isRequest(event) ? receive(deps, event) : await publish(deps);
}

function isRequest(event: object): event is APIGatewayProxyEventV2 {
  return 'requestContext' in event;
}

async function publish(deps: CanaryHandlerDeps): Promise<undefined> {
  const key = await deps.adminKeys.current();
  await ensureSubscription(deps, key);
  const event = { type: CANARY.eventType, data: { sentAt: deps.now() } };
  await call(deps, 'POST', `${TENANT_PATH}/events`, key, event);
}

/** Sees that there is one subscription: to this address, active, with the secret that follows from the key as it is now. */
async function ensureSubscription(deps: CanaryHandlerDeps, key: string): Promise<void> {
  const secret = secretOf(key);
  const wanted = { url: `${deps.apiUrl}${CANARY.path}`, metadata: { secret: fingerprintOf(secret) } };
  const { data: found } = Subscriptions.parse(
    JSON.parse((await call(deps, 'GET', `${TENANT_PATH}/subscriptions`, key, undefined, [404])) || '{"data":[]}'),
  );
  const isAsWanted = (one: (typeof found)[number]): boolean =>
    one.status === 'active' && one.url === wanted.url && one.metadata.secret === wanted.metadata.secret;
  for (const other of found.filter((one) => !isAsWanted(one)))
    await call(deps, 'DELETE', `${TENANT_PATH}/subscriptions/${other.id}`, key, undefined, [404]);
  if (found.some(isAsWanted)) return;
  if (deps.eventTypes === 'strict') await ensureEventType(deps, key);
  const subscription = { ...wanted, name: 'Canary', eventTypes: [CANARY.eventType], profile: 'standard', secret };
  await call(deps, 'POST', `${TENANT_PATH}/subscriptions`, key, subscription);
}

async function ensureEventType(deps: CanaryHandlerDeps, key: string): Promise<void> {
  const description = 'Sent by Posthorn to itself, to see that events arrive.';
  await call(deps, 'POST', '/v1/event-types', key, { name: CANARY.eventType, description }, [409]);
}

/** The answer's body; empty for a status that is expected, too. Rejects for any other but success. */
async function call(
  { callApi }: CanaryHandlerDeps,
  method: Parameters<CallApi>[0],
  path: string,
  key: string,
  body?: unknown,
  expected: readonly number[] = [],
): Promise<string> {
  const { status, text } = await callApi(method, path, key, body);
  if (status >= 200 && status < 300) return text;
  if (expected.includes(status)) return '';
  throw new Error(`${method} ${path} was answered with ${status}: ${text.slice(0, 500)}`);
}

async function receive(
  { adminKeys, logger, counter, now }: CanaryHandlerDeps,
  { headers, body = '', isBase64Encoded }: APIGatewayProxyEventV2,
): Promise<APIGatewayProxyStructuredResultV2> {
  const bytes = Buffer.from(body, isBase64Encoded ? 'base64' : 'utf8');
  // Anyone can call this address. While the key is being changed, an event may have been signed by the one before.
  const keys = [await adminKeys.current(), ...(await adminKeys.others())];
  if (!isSigned(keys.map(secretOf), headers, bytes, now())) {
    logger.warn('a request to the canary has no good signature', { eventId: headers['webhook-id'] });
    return { statusCode: 401 };
  }
  const { data } = Webhook.parse(JSON.parse(bytes.toString('utf8')));
  const roundTripMs = now() - data.sentAt;
  if (roundTripMs <= LATEST_MS) counter.measure(METRICS.canaryRoundTrip, Math.max(0, roundTripMs));
  else logger.warn('the canary has come back late', { eventId: headers['webhook-id'], roundTripMs });
  counter.publish();
  return { statusCode: 204 };
}
