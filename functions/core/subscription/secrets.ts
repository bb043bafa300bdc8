import type { ProfileDocument } from '../profile/profile.ts';
import { chooseSecret, generateSecret } from '../profile/secret.ts';
import { Refusal } from '../refusal.ts';
import type { Owner } from '../vault.ts';
import type { Subscriptions } from './manage.ts';
import type { ProfileChoice } from './profile-rules.ts';
import type { Subscription } from './subscription.ts';
import type { SubscriptionKeys, VisibleKeys } from './subscription-keys.ts';

/** The signing secrets of subscriptions. */
export interface Secrets {
  reveal(owner: Owner): Promise<VisibleKeys | Refusal>;
  /** No older key signs longer than `overlapSeconds`, those of earlier rotations included. */
  rotate(owner: Owner, brought: string | undefined, overlapSeconds: number): Promise<VisibleKeys | Refusal>;
}

export interface SecretsPorts {
  subscriptions: Subscriptions;
  profiles: ProfileChoice;
  keys: SubscriptionKeys;
  now: () => number;
}

/** Each signs every delivery until it ends, so a rotation too many ends the oldest early. */
const MAX_PREVIOUS_KEYS = 6;

export function createSecrets({ subscriptions, profiles, keys, now }: SecretsPorts): Secrets {
  return {
    async reveal(owner) {
      const subscription = await subscriptions.read(owner);
      return subscription instanceof Refusal ? subscription : keys.reveal(subscription);
    },

    async rotate(owner, brought, overlapSeconds) {
      const at = now();
      const rotated = await subscriptions.change(owner, null, async (current) => {
        const profile = await profiles.of(current);
        if (profile instanceof Refusal) return profile;
        const secret = nextSecret(profile.document, brought, current);
        if (secret instanceof Refusal) return secret;
        const fresh = await keys.make(owner, current.signatureVersions, secret);
        const endsAt = at + (carriesSeveral(profile.document) ? overlapSeconds * 1_000 : 0);
        const previous = current.keys
          .map((key) => ({ ...key, endsAt: Math.min(key.endsAt ?? endsAt, endsAt) }))
          .filter((key) => key.endsAt > at);
        return { ...current, keys: [...fresh, ...previous.slice(0, MAX_PREVIOUS_KEYS)] };
      });
      return rotated instanceof Refusal ? rotated : keys.reveal(rotated);
    },
  };
}

/** Whether an old secret can sign beside a new one: a header without a separator has room for one signature. */
function carriesSeveral({ signatures }: ProfileDocument): boolean {
  return signatures.some(({ key, separator }) => key === 'subscription' && separator !== null);
}

/** By the profile's rules; to rotate asks for a secret even where one is optional. */
function nextSecret(
  document: ProfileDocument,
  brought: string | undefined,
  { signatureVersions }: Pick<Subscription, 'signatureVersions'>,
): string | Refusal {
  if (document.subscription.secret === 'none') {
    return new Refusal('conflict', `Subscriptions with the profile ${document.name} have no secret of their own.`);
  }
  return chooseSecret(document, brought, signatureVersions) ?? generateSecret(document.subscription.secretFormat);
}
