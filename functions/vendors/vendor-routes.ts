import type { Route } from '../api/http/route.ts';
import { createKeypayRoutes, type KeypayRouteDeps } from './keypay/routes.ts';
import { createPayloadRoutes } from './staffology/payloads.ts';
import { createStaffologyRoutes, type StaffologyRouteDeps } from './staffology/routes.ts';
import {
  createVendorSubscriptions,
  type Vendor,
  type VendorSubscriptions,
  type VendorSubscriptionsPorts,
} from './vendor-subscriptions.ts';

type VendorRouteDeps = VendorSubscriptionsPorts &
  Omit<KeypayRouteDeps, 'registrations'> &
  Omit<StaffologyRouteDeps, 'webhooks'>;

/** The routes of vendors for whose clients a deployment stands in. docs/compatibility.md describes them; /v1's OpenAPI does not. */
export function createVendorRoutes(vendors: readonly Vendor[], deps: VendorRouteDeps): Route[] {
  const routesOf: Record<Vendor, (own: VendorSubscriptions) => Route[]> = {
    keypay: (registrations) => createKeypayRoutes({ ...deps, registrations }),
    staffology: (webhooks) => [
      ...createStaffologyRoutes({ ...deps, webhooks }),
      ...createPayloadRoutes({ ...deps, webhooks }),
    ],
  };
  return [...new Set(vendors)].flatMap((vendor) => routesOf[vendor](createVendorSubscriptions(vendor, deps)));
}
