import * as z from 'zod';
import { EventId, TenantId } from '../ids.ts';
import { Environment } from './environment.ts';
import { PublishableTypeName } from './event-type.ts';
import { Moment } from './moment.ts';

/** An event as a publisher writes it, without the tenant (over HTTP the path names it). The contract of docs/event.schema.json. */
export const PublishedEvent = z
  .strictObject({
    type: PublishableTypeName.meta({ description: 'The event type, as in employee.created.' }),
    data: z.unknown().meta({
      description:
        'What happened: any JSON, at most 256 KiB and 60 levels deep. Its numbers and key order reach the receiver unchanged.',
    }),
    id: EventId.optional().meta({
      description:
        'Idempotency: an id is delivered once for a tenant, however often it is published. Without it each message is a separate event.',
    }),
    environment: Environment.default('production').meta({
      description: 'Only subscriptions of this environment receive it.',
    }),
    occurredAt: Moment.optional().meta({ description: 'When it happened. Without it: when Posthorn accepted it.' }),
  })
  .refine((event) => event.data !== undefined, { path: ['data'], error: 'is required; it may be null' })
  .meta({ id: 'PublishedEvent' });

/** The SQS message that publishes an event. */
export const PublishedMessage = z
  .strictObject({ tenantId: TenantId, ...PublishedEvent.shape })
  .refine((event) => event.data !== undefined, {
    path: ['data'],
    error: 'is required; it may be null',
  });
