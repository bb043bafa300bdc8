/**
 * The port through which the deliveries that wait for a subscription are looked at without delay. What becomes of each
 * follows from the subscription as it stands: active, with or without a discard, or deleted.
 */
export interface ParkedDeliveries {
  /** Resolves once the work is durably queued. If it rejects, each delivery is looked at when it is due. */
  settle(subscription: { tenantId: string; id: string }): Promise<void>;
}
