import { SubscriptionId, TenantId } from '../../core/ids.ts';

/** Parameters of paths that lead to a tenant. */
export const tenantParams = { tenantId: TenantId };

/** Parameters of paths that lead to a subscription. */
export const subscriptionParams = { ...tenantParams, subscriptionId: SubscriptionId };
