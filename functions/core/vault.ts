/** Whom a secret belongs to. It opens for no other owner: the owner is authenticated with it. */
export interface Owner {
  tenantId: string;
  subscriptionId: string;
}

/** Opens what was sealed for an owner. */
export interface Opener {
  open(sealed: string, owner: Owner): Promise<string>;
}

/** The port to encryption at rest. */
export interface Vault extends Opener {
  seal(plaintext: string, owner: Owner): Promise<string>;
}

/** Whom a subscription's secrets are sealed for. */
export const subscriptionOwner = ({ tenantId, id }: { tenantId: string; id: string }): Owner => ({
  tenantId,
  subscriptionId: id,
});

/** Whom a tenant's signing key is sealed for: no subscription has an empty id. */
export const tenantKeyOwner = (tenantId: string): Owner => ({ tenantId, subscriptionId: '' });
