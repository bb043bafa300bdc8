import { NUMBER_HEADER } from './campaign-record.ts';
import { MAX_RETRY_AFTER_MS } from './check-campaign.ts';
import { DELIVERY_HEADER } from './scripted-receiver.ts';

/** Gaps of a few seconds, so that whole schedules fit into a campaign. Those over `maxQueueWaitSeconds` wait in the due index. */
export const PROFILES = {
  quick: { gapsSeconds: [1, 1, 2, 2, 3, 3], deactivation: 'disable' },
  indexed: { gapsSeconds: [1, 14, 2, 18], deactivation: 'disable' },
  removing: { gapsSeconds: [1, 2, 2], deactivation: 'remove' },
} as const;
export type ProfileName = keyof typeof PROFILES;
export const PROFILE_NAMES = Object.keys(PROFILES) as ProfileName[];

/** As the API takes it. */
export function profileDocument(name: ProfileName) {
  const { gapsSeconds, deactivation } = PROFILES[name];
  return {
    name: `faults-${name}`,
    subscription: { secret: 'none' },
    envelope: { type: '{{event.type}}', data: '{{event.data}}' },
    headers: { [DELIVERY_HEADER]: '{{delivery.id}}', [NUMBER_HEADER]: '{{delivery.attempt}}' },
    retry: {
      gapsSeconds,
      timeoutSeconds: 2,
      retryAfter: { statuses: ['503'], maxSeconds: MAX_RETRY_AFTER_MS / 1_000 },
    },
    responses: { success: ['2xx'], deactivate: ['410'], deactivation },
  };
}
