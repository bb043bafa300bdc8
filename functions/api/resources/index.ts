import type { Route } from '../http/route.ts';
import { deliveryRoutes } from './deliveries.ts';
import { eventTypePackRoutes } from './event-type-packs.ts';
import { eventTypeRoutes } from './event-types.ts';
import { eventRoutes } from './events.ts';
import { healthRoutes } from './health.ts';
import { profileRoutes } from './profiles.ts';
import { rejectedEventRoutes } from './rejected-events.ts';
import { secretRoutes } from './secrets.ts';
import { subscriptionRoutes } from './subscriptions.ts';
import { tenantRoutes } from './tenants.ts';
import { testRoutes } from './tests.ts';

/** The whole API, in the order of its documentation. */
export const ROUTES: readonly Route[] = [
  ...tenantRoutes,
  ...subscriptionRoutes,
  ...secretRoutes,
  ...testRoutes,
  ...eventRoutes,
  ...deliveryRoutes,
  ...eventTypeRoutes,
  ...eventTypePackRoutes,
  ...profileRoutes,
  ...rejectedEventRoutes,
  ...healthRoutes,
];
