import type { ApiDeps, Route } from '../api/http/route.ts';
import { keypayRoutes } from './keypay/routes.ts';
import { payloadRoutes } from './staffology/payloads.ts';
import { staffologyRoutes } from './staffology/routes.ts';

const ROUTES_OF = { keypay: keypayRoutes, staffology: [...staffologyRoutes, ...payloadRoutes] };

/** The routes of vendors for whose clients a deployment stands in. docs/compatibility.md describes them; /v1's OpenAPI does not. */
export function compatibilityRoutes(vendors: ApiDeps['compatibility']): Route[] {
  return [...new Set(vendors)].flatMap((vendor) => ROUTES_OF[vendor]);
}
