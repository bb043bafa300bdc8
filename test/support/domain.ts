import type { ApiKey } from '../../functions/core/access/api-key.ts';
import type { AuditRecord } from '../../functions/core/access/audit-record.ts';
import type { Attempt } from '../../functions/core/delivery/attempt.ts';
import { type Delivery, newDelivery } from '../../functions/core/delivery/delivery.ts';
import type { DeliverMessage } from '../../functions/core/delivery/queue-message.ts';
import type { Event } from '../../functions/core/event/event.ts';
import type { EventType } from '../../functions/core/event/event-type.ts';
import { type Job, newJob } from '../../functions/core/jobs/job.ts';
import type { TaskOf } from '../../functions/core/jobs/job-task.ts';
import type { Subscription } from '../../functions/core/subscription/subscription.ts';
import type { WebhookResult } from '../../functions/core/target/webhook.ts';

/*
 * One of each thing of the domain. Tests name only what matters to them.
 */

export const NOW = Date.parse('2026-11-22T10:00:00.000Z');
export const SECOND = 1_000;
export const MINUTE = 60 * SECOND;
export const HOUR = 60 * MINUTE;

/** A valid id that sorts by its number. */
export const subscriptionId = (number = 1): string => `sub_${String(number).padStart(26, '0')}`;

export function makeSubscription(rest: Partial<Subscription> = {}): Subscription {
  return {
    id: subscriptionId(),
    tenantId: 'acme',
    name: null,
    url: 'https://receiver.example/hooks',
    credentials: null,
    eventTypes: ['*'],
    environment: 'production',
    profile: 'standard',
    signatureVersions: ['v1'],
    keys: [{ version: 'v1', sealed: 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw', createdAt: NOW - HOUR, endsAt: null }],
    headers: {},
    metadata: {},
    filter: null,
    maxPerSecond: null,
    maxConcurrent: null,
    expiresAt: null,
    verificationToken: null,
    hasBeenVerified: true,
    generation: 0,
    limitRaisedAt: null,
    discards: [],
    health: null,
    status: 'active',
    statusReason: null,
    interrupted: null,
    createdAt: NOW - HOUR,
    updatedAt: NOW - HOUR,
    revision: 1,
    ...rest,
  };
}

export function makeEvent(rest: Partial<Event> = {}): Event {
  return {
    tenantId: 'acme',
    id: 'evt_1',
    type: 'employee.created',
    environment: 'production',
    occurredAt: NOW - MINUTE,
    acceptedAt: NOW,
    recordedAt: NOW,
    contentHash: 'hash',
    data: '{"id":9007199254740993}',
    ...rest,
  };
}

export function makeDelivery(rest: Partial<Delivery> = {}): Delivery {
  const { tenantId, id, acceptedAt, type } = makeEvent();
  const origin = { tenantId, subscriptionId: subscriptionId(), eventId: id, eventAt: acceptedAt, eventType: type };
  return { ...newDelivery({ ...origin, profile: 'standard', profileVersion: 1 }), ...rest };
}

export function makeMessage(rest: Partial<DeliverMessage> = {}): DeliverMessage {
  const { tenantId, subscriptionId: id, eventId, eventAt } = makeDelivery();
  return {
    v: 1,
    kind: 'deliver',
    tenantId,
    subscriptionId: id,
    eventId,
    eventAt,
    ticket: 0,
    trigger: 'automatic',
    ...rest,
  };
}

export function makeReplay(tenantId = 'acme'): TaskOf<'replay'> {
  const filter = { from: NOW - HOUR, to: NOW, eventTypes: [], dryRun: false, status: 'failed' as const };
  return { kind: 'replay', tenantId, subscriptionId: subscriptionId(), filter };
}

export function makeJob(rest: Partial<Job> = {}): Job {
  return { ...newJob({ task: makeReplay(), maxPerSecond: null, createdBy: 'key_1' }, NOW, Math.random), ...rest };
}

export function makeEventType(rest: Partial<EventType> = {}): EventType {
  return {
    name: 'employee.created',
    description: '',
    group: null,
    schema: null,
    validate: false,
    example: null,
    archived: false,
    createdAt: NOW,
    updatedAt: NOW,
    revision: 0,
    ...rest,
  };
}

/** A key as it is stored, whose id sorts by its number. */
export function makeApiKeyRecord(number: number, rest: Partial<ApiKey> = {}): ApiKey {
  return {
    id: `key_${String(number).padStart(26, '0')}`,
    name: 'Payroll',
    role: 'admin',
    tenantId: null,
    maxPerSecond: null,
    createdAt: NOW,
    endsAt: null,
    lastUsedAt: null,
    secretHash: 'hash',
    tenantCreatedAt: null,
    ...rest,
  };
}

/** A change on record. */
export function makeAuditRecord(rest: Partial<AuditRecord> = {}): AuditRecord {
  return {
    id: 'aud_1',
    at: NOW,
    action: 'change',
    by: { kind: 'key', id: makeApiKeyRecord(1).id, name: 'Payroll' },
    operation: 'putTenant',
    tenantId: null,
    resourceIds: [],
    fields: [],
    changes: {},
    requestId: 'request',
    ...rest,
  };
}

/** An attempt on record. */
export function makeAttempt(rest: Partial<Attempt> = {}): Attempt {
  const { number = 1 } = rest;
  return {
    id: `earlier ${number}`,
    number,
    trigger: 'automatic',
    startedAt: NOW,
    durationMs: 100,
    outcome: 'http_error',
    request: { url: 'https://receiver.example/hooks', headers: {} },
    response: { status: 500, headers: {}, body: '', truncated: false },
    error: { code: 'http_status', message: 'The receiver answered 500.' },
    ...rest,
  };
}

/** What a receiver's answer makes of an attempt. */
export function answered(status: number, headers: Record<string, string> = {}): WebhookResult {
  const isSuccess = status >= 200 && status < 300;
  return {
    outcome: isSuccess ? 'success' : 'http_error',
    durationMs: 100,
    response: { status, headers, body: '', truncated: false },
    error: isSuccess ? null : { code: 'http_status', message: `The receiver answered ${status}.` },
  };
}

export const UNANSWERED: WebhookResult = {
  outcome: 'timeout',
  durationMs: 15_000,
  response: null,
  error: { code: 'timeout', message: 'No answer within 15 seconds.' },
};
