import type { CompiledProfile } from '../profile/compile-profile.ts';
import type { ProfileSource } from '../profile/profile-source.ts';
import { invalidField, type Refusal } from '../refusal.ts';
import { renderRequest } from './render-request.ts';

const EVENT_ID = 'evt_00000000000000000000000000';
const SUBSCRIPTION = {
  id: 'sub_00000000000000000000000000',
  name: null,
  url: 'https://example.com/hooks',
  metadata: {},
};

/** Shows what an event type's deliveries look like. */
export interface Samples {
  /**
   * The example of an event type as the body of a delivery.
   * @param profileName the deployment's default if undefined
   */
  render(type: string, example: string, profileName: string | undefined): Promise<string | Refusal>;
}

export interface SamplesPorts {
  profiles: ProfileSource;
  defaultProfile: string;
  userAgent: string;
  now: () => number;
}

export function createSamples({ profiles, defaultProfile, userAgent, now }: SamplesPorts): Samples {
  function renderWith(profile: CompiledProfile, type: string, data: string): string {
    const at = now();
    const event = {
      tenantId: 'sample',
      id: EVENT_ID,
      type,
      environment: 'production' as const,
      occurredAt: at,
      acceptedAt: at,
      recordedAt: at,
      contentHash: '',
      data,
    };
    const ref = { subscriptionId: SUBSCRIPTION.id, eventId: EVENT_ID, eventAt: at };
    const keys = { subscription: [], tenant: null };
    return renderRequest(profile, { event, subscription: SUBSCRIPTION, ref, attempt: 1, at, keys, userAgent }).body;
  }

  return {
    async render(type, example, profileName) {
      const profile = await profiles.get(profileName ?? defaultProfile, null);
      if (profile === null) return invalidField('?profile', 'does not exist: GET /v1/profiles lists what there is');
      return renderWith(profile, type, example);
    },
  };
}
