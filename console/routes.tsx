import { type ComponentType, type LazyExoticComponent, lazy } from 'react';
import { WebhooksPage } from './pages/webhooks.tsx';
import type { NavTexts } from './texts/nav.ts';

export interface ConsoleRoute {
  /** Below /console. What has {@link tenantId} in it is a page about one tenant. */
  path: string;
  page: ComponentType | LazyExoticComponent<ComponentType>;
  /** Pages of the company are not there for a tenant's key or token. */
  face: 'everyone' | 'company';
  /** Its entry in the navigation; absent: it is reached from other pages. */
  nav?: keyof NavTexts;
}

/** A page that is loaded when it is opened. */
function later(load: () => Promise<ComponentType>) {
  return lazy(async () => ({ default: await load() }));
}

const T = '/tenants/:tenantId';
const WEBHOOK = `${T}/webhooks/:subscriptionId`;

/** Every page, in the order of the navigation. The first that fits is shown. */
export const ROUTES: readonly ConsoleRoute[] = [
  { path: `${T}/webhooks`, page: WebhooksPage, face: 'everyone', nav: 'webhooks' },
  {
    path: `${T}/webhooks/new`,
    page: later(async () => (await import('./pages/new-webhook.tsx')).NewWebhookPage),
    face: 'everyone',
  },
  {
    path: WEBHOOK,
    page: later(async () => (await import('./pages/webhook-overview.tsx')).WebhookOverviewPage),
    face: 'everyone',
  },
  {
    path: `${WEBHOOK}/deliveries`,
    page: later(async () => (await import('./pages/webhook-deliveries.tsx')).WebhookDeliveriesPage),
    face: 'everyone',
  },
  {
    path: `${WEBHOOK}/settings`,
    page: later(async () => (await import('./pages/webhook-settings.tsx')).WebhookSettingsPage),
    face: 'everyone',
  },
  {
    path: `${WEBHOOK}/replay`,
    page: later(async () => (await import('./pages/webhook-replay.tsx')).WebhookReplayPage),
    face: 'everyone',
  },
  {
    path: `${T}/events`,
    page: later(async () => (await import('./pages/events.tsx')).EventsPage),
    face: 'everyone',
    nav: 'events',
  },
  {
    path: `${T}/new-event`,
    page: later(async () => (await import('./pages/new-event.tsx')).NewEventPage),
    face: 'everyone',
  },
  {
    path: `${T}/events/:eventId`,
    page: later(async () => (await import('./pages/event.tsx')).EventPage),
    face: 'everyone',
  },
  {
    path: `${T}/jobs/:jobId`,
    page: later(async () => (await import('./pages/job.tsx')).JobPage),
    face: 'everyone',
  },
  {
    path: '/jobs/:jobId',
    page: later(async () => (await import('./pages/job.tsx')).JobPage),
    face: 'company',
  },
  {
    path: `${WEBHOOK}/security`,
    page: later(async () => (await import('./pages/webhook-security.tsx')).WebhookSecurityPage),
    face: 'everyone',
  },
  {
    path: `${WEBHOOK}/test`,
    page: later(async () => (await import('./pages/webhook-test.tsx')).WebhookTestPage),
    face: 'everyone',
  },
  {
    path: `${T}/deliveries/:deliveryId`,
    page: later(async () => (await import('./pages/delivery.tsx')).DeliveryPage),
    face: 'everyone',
  },
  {
    path: `${T}/settings`,
    page: later(async () => (await import('./pages/tenant-settings.tsx')).TenantSettingsPage),
    face: 'company',
    nav: 'tenantSettings',
  },
  {
    path: '/tenants/new',
    page: later(async () => (await import('./pages/new-tenant.tsx')).NewTenantPage),
    face: 'company',
  },
  {
    path: '/tenants',
    page: later(async () => (await import('./pages/tenants.tsx')).TenantsPage),
    face: 'company',
    nav: 'tenants',
  },
  {
    path: '/rejected-events',
    page: later(async () => (await import('./pages/rejected-events.tsx')).RejectedEventsPage),
    face: 'company',
    nav: 'rejectedEvents',
  },
  {
    path: '/event-types',
    page: later(async () => (await import('./pages/event-types.tsx')).EventTypesPage),
    face: 'company',
    nav: 'eventTypes',
  },
  {
    path: '/new-event-type',
    page: later(async () => (await import('./pages/new-event-type.tsx')).NewEventTypePage),
    face: 'company',
  },
  {
    path: '/event-types/:name/settings',
    page: later(async () => (await import('./pages/event-type.tsx')).EventTypePage),
    face: 'company',
  },
  {
    path: '/profiles',
    page: later(async () => (await import('./pages/profiles.tsx')).ProfilesPage),
    face: 'company',
    nav: 'profiles',
  },
  {
    path: '/new-profile',
    page: later(async () => (await import('./pages/new-profile.tsx')).NewProfilePage),
    face: 'company',
  },
  {
    path: '/profiles/:name',
    page: later(async () => (await import('./pages/profile.tsx')).ProfilePage),
    face: 'company',
  },
  {
    path: '/keys',
    page: later(async () => (await import('./pages/keys.tsx')).KeysPage),
    face: 'company',
    nav: 'keys',
  },
  {
    path: '/keys/new',
    page: later(async () => (await import('./pages/new-key.tsx')).NewKeyPage),
    face: 'company',
  },
  {
    path: '/audit',
    page: later(async () => (await import('./pages/audit.tsx')).AuditPage),
    face: 'company',
    nav: 'audit',
  },
  {
    path: '/system',
    page: later(async () => (await import('./pages/system.tsx')).SystemPage),
    face: 'company',
    nav: 'system',
  },
];
