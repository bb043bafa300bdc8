import { generateSigningKey, publicKeyOf } from '../profile/signing.ts';
import { type Owner, subscriptionOwner, type Vault } from '../vault.ts';
import type { StoredKey, Subscription } from './subscription.ts';

/** A key as the subscription's owner sees it: the secret of v1, the public half of v1a. */
export interface VisibleKey {
  secret: string | null;
  publicKey: string | null;
}

export interface VisibleKeys extends VisibleKey {
  /** Keys that still sign after a rotation; `endsAt` in epoch milliseconds. */
  previous: (VisibleKey & { endsAt: number })[];
}

export interface SubscriptionKeys {
  /** New keys, sealed: one for each version that has one. Without a secret, v1 has none. */
  make(owner: Owner, versions: readonly StoredKey['version'][], secret: string | null): Promise<StoredKey[]>;
  reveal(subscription: Subscription): Promise<VisibleKeys>;
}

export function createSubscriptionKeys({ vault, now }: { vault: Vault; now: () => number }): SubscriptionKeys {
  return {
    async make(owner, versions, secret) {
      const keys = versions.map((version) => ({ version, material: version === 'v1' ? secret : generateSigningKey() }));
      return Promise.all(
        keys.flatMap(({ version, material }) =>
          material === null
            ? []
            : [
                vault
                  .seal(material, owner)
                  .then((sealed): StoredKey => ({ version, sealed, createdAt: now(), endsAt: null })),
              ],
        ),
      );
    },

    async reveal(subscription) {
      const owner = subscriptionOwner(subscription);
      const show = async ({ version, sealed }: StoredKey): Promise<VisibleKey> => {
        const material = await vault.open(sealed, owner);
        return {
          secret: version === 'v1' ? material : null,
          publicKey: version === 'v1a' ? publicKeyOf(material) : null,
        };
      };
      const current = await Promise.all(subscription.keys.filter(({ endsAt }) => endsAt === null).map(show));
      const previous = subscription.keys.filter(
        (key): key is StoredKey & { endsAt: number } => key.endsAt !== null && key.endsAt > now(),
      );
      return {
        secret: current.find(({ secret }) => secret !== null)?.secret ?? null,
        publicKey: current.find(({ publicKey }) => publicKey !== null)?.publicKey ?? null,
        previous: await Promise.all(previous.map(async (key) => ({ ...(await show(key)), endsAt: key.endsAt }))),
      };
    },
  };
}
