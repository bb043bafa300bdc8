/*
 * What the API answers, from the schemas by which it answers: types alone, so no byte of the API is in the page.
 */
import type * as z from 'zod';
import type {
  ApiKeyInput as ApiKeyInputSchema,
  ApiKeyView,
  NewApiKeyView,
} from '../../functions/api/resources/api-keys.ts';
import type { AuditView } from '../../functions/api/resources/audit.ts';
import type { DeadLettersView, RedrivenView } from '../../functions/api/resources/dead-letters.ts';
import type { SentRequestView } from '../../functions/api/resources/deliveries.ts';
import type { LoadedView, PackView } from '../../functions/api/resources/event-type-packs.ts';
import type {
  EventTypeInput as EventTypeInputSchema,
  EventTypePatch as EventTypePatchSchema,
  EventTypeView,
} from '../../functions/api/resources/event-types.ts';
import type { EventSummaryView, EventView, RecipientView } from '../../functions/api/resources/events.ts';
import type {
  TestFilterInput as FilterTestSchema,
  FilterTestView,
} from '../../functions/api/resources/filter-tests.ts';
import type { CallerView } from '../../functions/api/resources/me.ts';
import type { NewPortalTokenView, PortalTokenView } from '../../functions/api/resources/portal-tokens.ts';
import type { PreviewView, ProfileView } from '../../functions/api/resources/profiles.ts';
import type {
  RejectedEventView,
  RepublicationInput as RepublicationSchema,
} from '../../functions/api/resources/rejected-events.ts';
import type { ReplayInput as ReplaySchema } from '../../functions/api/resources/replays.ts';
import type { StatsView } from '../../functions/api/resources/stats.ts';
import type { SystemView } from '../../functions/api/resources/system.ts';
import type { TenantInput as TenantInputSchema, TenantView } from '../../functions/api/resources/tenants.ts';
import type { TestResultView } from '../../functions/api/resources/tests.ts';
import type { DeliveryView } from '../../functions/api/schemas/delivery.ts';
import type { JobView } from '../../functions/api/schemas/job.ts';
import type { SecretView } from '../../functions/api/schemas/secret.ts';
import type { SubscriptionView } from '../../functions/api/schemas/subscription.ts';
import type { PublishedEvent } from '../../functions/core/event/published-event.ts';
import type {
  SubscriptionInput as InputSchema,
  SubscriptionPatch as PatchSchema,
} from '../../functions/core/subscription/subscription-input.ts';
import type { AsWritten, JsonText } from '../json/json-as-written.ts';

/** Of what is sent, members that are JSON text. */
type Written<T, Name extends keyof T> = Omit<T, Name> & Record<Name, JsonText | null>;

export type { ConsoleSettings } from '../../functions/adapters/lambda/environment.ts';
export type ApiKey = z.output<typeof ApiKeyView>;
export type ApiKeyInput = z.input<typeof ApiKeyInputSchema>;
export type NewApiKey = z.output<typeof NewApiKeyView>;
export type AuditRecord = z.output<typeof AuditView>;
export type Caller = z.output<typeof CallerView>;
export type Delivery = z.output<typeof DeliveryView>;
export type Event = AsWritten<z.output<typeof EventView>, 'data'>;
export type EventSummary = z.output<typeof EventSummaryView>;
export type EventRecipient = z.output<typeof RecipientView>;
export type DeadLetters = z.output<typeof DeadLettersView>;
export type Redriven = z.output<typeof RedrivenView>;
export type EventType = AsWritten<z.output<typeof EventTypeView>, 'schema' | 'example'>;
export type EventTypeInput = Written<z.input<typeof EventTypeInputSchema>, 'schema' | 'example'>;
export type EventTypePatch = Partial<Written<z.input<typeof EventTypePatchSchema>, 'schema' | 'example'>>;
export type EventTypePack = z.output<typeof PackView>;
export type LoadedEventTypes = z.output<typeof LoadedView>;
export type Job = z.output<typeof JobView>;
export type Preview = z.output<typeof PreviewView>;
export type Profile = z.output<typeof ProfileView>;
export type Stats = z.output<typeof StatsView>;
export type SystemState = z.output<typeof SystemView>;
export type Tenant = z.output<typeof TenantView>;
export type TenantInput = z.input<typeof TenantInputSchema>;
export type PortalToken = z.output<typeof PortalTokenView>;
export type NewPortalToken = z.output<typeof NewPortalTokenView>;
export type FilterTest = z.output<typeof FilterTestView>;
export type FilterTestInput = Written<z.input<typeof FilterTestSchema>, 'data'>;
export type TestResult = z.output<typeof TestResultView>;
export type RejectedEvent = z.output<typeof RejectedEventView>;
export type RepublicationInput = z.input<typeof RepublicationSchema>;
export type ReplayInput = z.input<typeof ReplaySchema>;
/** One event, as it is published. */
export type PublishInput = Written<z.input<typeof PublishedEvent>, 'data'>;
export type SentRequest = z.output<typeof SentRequestView>;
export type Secret = z.output<typeof SecretView>;
export type Subscription = z.output<typeof SubscriptionView>;
export type SubscriptionInput = z.input<typeof InputSchema>;
export type SubscriptionPatch = z.input<typeof PatchSchema>;
