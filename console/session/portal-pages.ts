import type { PortalPage } from '../../functions/names.ts';
import { useSession } from './session.tsx';

/** Which pages a company can leave out of its portal: their paths, as links have them and as routes name them. */
const PATHS: Record<PortalPage, RegExp> = {
  add: /^\/tenants\/[^/]+\/webhooks\/new$/,
  deliveries: /^\/tenants\/[^/]+\/(webhooks\/[^/]+\/deliveries|deliveries\/[^/]+)$/,
  replay: /^\/tenants\/[^/]+\/webhooks\/[^/]+\/replay$/,
  settings: /^\/tenants\/[^/]+\/webhooks\/[^/]+\/settings$/,
  security: /^\/tenants\/[^/]+\/webhooks\/[^/]+\/security$/,
  test: /^\/tenants\/[^/]+\/webhooks\/[^/]+\/test$/,
  events: /^\/tenants\/[^/]+\/events(\/[^/]+)?$/,
  publish: /^\/tenants\/[^/]+\/new-event$/,
};

/** Whether the page of a path, query or not, is there for the reader. For the company all are. */
export function useIsShown(): (path: string) => boolean {
  const { caller, settings } = useSession();
  if (caller.tenantId === null) return () => true;
  const left = Object.entries(PATHS).filter(([page]) => !settings.pages.some((shown) => shown === page));
  return (path) => !left.some(([, pattern]) => pattern.test(path.split('?')[0] ?? path));
}
