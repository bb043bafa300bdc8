import { invalidField, Refusal } from '../refusal.ts';
import type { Owner } from '../vault.ts';
import { PAUSED_BY_REQUEST, type Subscriptions } from './manage.ts';
import type { ParkedDeliveries } from './parked-deliveries.ts';
import type { ProfileChoice } from './profile-rules.ts';
import { discardParked, type Subscription } from './subscription.ts';
import { concludeVerification, type ReceiverVerification } from './verification.ts';

/** Moves subscriptions between their statuses. */
export interface Activation {
  pause(owner: Owner): Promise<Subscription | Refusal>;
  /** @param since epoch milliseconds: parked deliveries of older events are discarded; null for all */
  resume(owner: Owner, parked: 'deliver' | 'discard', since: number | null): Promise<Subscription | Refusal>;
  /** By the secret that the receiver was sent, or, without one, by asking the receiver once more. */
  verify(owner: Owner, secret: string | undefined): Promise<Subscription | Refusal>;
}

export interface ActivationPorts {
  subscriptions: Subscriptions;
  profiles: ProfileChoice;
  verification: ReceiverVerification;
  parked: ParkedDeliveries;
  now: () => number;
}

export function createActivation(ports: ActivationPorts): Activation {
  const { subscriptions, profiles, verification, parked, now } = ports;

  return {
    pause(owner) {
      const statusReason = { ...PAUSED_BY_REQUEST, at: now() };
      return subscriptions.change(owner, null, (current) => {
        switch (current.status) {
          case 'disabled':
            return new Refusal('conflict', 'It is disabled, so there is nothing to pause. Resume it first.');
          case 'unverified':
            return UNVERIFIED;
          case 'paused':
            return current;
          case 'active':
            return { ...current, status: 'paused', statusReason };
          default:
            return current.status satisfies never;
        }
      });
    },

    async resume(owner, fate, since) {
      const at = now();
      const resumed = await subscriptions.change(owner, null, (current) => {
        if (current.status === 'unverified') return UNVERIFIED;
        const active = { ...current, status: 'active', statusReason: null } as const;
        if (fate === 'discard') return discardParked(active, at, null);
        return since === null ? active : discardParked(active, at, since);
      });
      if (!(resumed instanceof Refusal)) await parked.settle(resumed);
      return resumed;
    },

    async verify(owner, secret) {
      const current = await subscriptions.read(owner);
      if (current instanceof Refusal || current.status !== 'unverified') return current;
      if (secret !== undefined && !(await verification.isToken(current, secret))) {
        return invalidField('/secret', 'is not the X-Hook-Secret that the receiver was sent');
      }
      const profile = secret === undefined ? await profiles.of(current) : null;
      if (profile instanceof Refusal) return profile;
      const verified = profile === null ? VERIFIED : await subscriptions.verify(profile, current);
      const changed = await subscriptions.change(owner, null, (one) => {
        // The answer is about the URL that was asked, and about nothing that was decided meanwhile.
        if (one.status !== 'unverified' || one.url !== current.url) return one;
        return concludeVerification(one, verified);
      });
      // What was under way, or came, while it was unverified was parked.
      if (!(changed instanceof Refusal) && changed.status === 'active') await parked.settle(changed);
      return changed;
    },
  };
}

const VERIFIED = { status: 'active', statusReason: null, verificationToken: null } as const;

/** Only the receiver's own consent ends that. What it returns to can be paused or resumed again. */
const UNVERIFIED = new Refusal('conflict', 'It is unverified and receives nothing. Verify it first: POST …/verify.');
