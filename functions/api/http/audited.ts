import * as z from 'zod';
import { asError, type Telemetry } from '../../adapters/lambda/telemetry.ts';
import { changesBetween } from '../../core/access/audit-changes.ts';
import { type AuditRecord, newAuditRecord } from '../../core/access/audit-record.ts';
import type { AuditStore } from '../../core/access/audit-store.ts';
import { isAllowed } from '../../core/access/permission.ts';
import type { Principal } from '../../core/access/principal.ts';
import type { Random } from '../../core/ids.ts';
import { Refusal } from '../../core/refusal.ts';
import { METRICS } from '../../names.ts';
import { toJson } from './json.ts';
import type { Route, RouteResult } from './route.ts';

export interface AuditDeps extends Telemetry {
  audit: Pick<AuditStore, 'putAuditRecord'>;
  now: () => number;
  random: Random;
}

export interface AuditedRequest {
  principal: Principal;
  params: Record<string, unknown>;
  query: Record<string, unknown>;
  /** As it was sent; undefined if there is none. */
  body: unknown;
  requestId: string;
}

/**
 * Runs a route, and puts on record what it has changed or is about to show. A secret is not shown without a record. A change
 * has happened by then: its answer stands, and a record that cannot be written is in the log, with an alarm.
 */
export async function runAudited(
  deps: AuditDeps,
  route: Route,
  request: AuditedRequest,
  run: () => Promise<RouteResult | Refusal>,
): Promise<RouteResult | Refusal> {
  const action = actionOf(route, request);
  const before = action === 'change' ? await shownBefore(route, request) : null;
  const result = await run();
  if (action === null || result instanceof Refusal) return result;
  const record = newAuditRecord(
    {
      action,
      principal: request.principal,
      operation: route.id === '' ? `${route.method} ${route.path}` : route.id,
      ...subjectOf(request, result),
      fields: memberNames(request.body),
      changes: action === 'change' ? changesOf(route, before, result) : {},
      requestId: request.requestId,
    },
    deps.now(),
    deps.random,
  );
  try {
    await deps.audit.putAuditRecord(record);
  } catch (error) {
    if (action === 'reveal') throw error;
    deps.logger.error('a change is missing in the audit trail', { auditRecord: record, error: asError(error) });
    deps.counter.count(METRICS.auditRecordsLost);
    deps.counter.publish();
  }
  return result;
}

function actionOf(route: Route, { principal, query }: AuditedRequest): AuditRecord['action'] | null {
  if (route.isChange) return 'change';
  const reveals = route.reveals(query);
  return reveals === 'secrets' || (reveals === 'secrets_to_admins' && isAllowed(principal, 'secrets'))
    ? 'reveal'
    : null;
}

/** What has a name and no id is told by its name. */
const Made = z
  .object({ id: z.string() })
  .transform(({ id }) => id)
  .or(z.object({ name: z.string() }).transform(({ name }) => name));

function subjectOf({ params }: AuditedRequest, { status, body, tenantId }: RouteResult) {
  const { tenantId: named, ...rest } = z.record(z.string(), z.string()).parse(params);
  const made = status === 201 || status === 202 ? Made.safeParse(body) : undefined;
  const ids = [...Object.values(rest), ...(made?.success === true ? [made.data] : [])];
  return { tenantId: named ?? tenantId ?? null, resourceIds: [...new Set(ids)] };
}

/** Null if there is no such thing, or the trail has no values of it. */
async function shownBefore({ shows }: Route, { params }: AuditedRequest): Promise<RouteResult | null> {
  // The route's own path made these parameters, so they are what its code expects.
  const shown = (await shows?.before?.(params as never)) ?? null;
  return shown instanceof Refusal ? null : shown;
}

function changesOf({ shows, method }: Route, before: RouteResult | null, result: RouteResult): AuditRecord['changes'] {
  if (shows === null) return {};
  // Another request wrote it in between: what it was before this one is not known.
  const isBetween = before?.revision !== undefined && (result.revision ?? 0) > before.revision + 1;
  if (isBetween) return {};
  const shownOf = (body: unknown): unknown => {
    const members = Object.entries(z.record(z.string(), z.unknown()).parse(JSON.parse(toJson(body ?? {}))));
    return Object.fromEntries(members.filter(([name]) => shows.members.includes(name)));
  };
  return changesBetween(shownOf(result.was ?? before?.body), method === 'DELETE' ? null : shownOf(result.body));
}

function memberNames(body: unknown): string[] {
  return typeof body === 'object' && body !== null && !Array.isArray(body) ? Object.keys(body) : [];
}
