/** The port through which a subscription's parked deliveries are seen to. Resolves once the work is durably queued. */
export interface ParkedDeliveries {
  /**
   * Delivers or discards them; those of a deleted subscription are cancelled.
   * @param since epoch milliseconds: those of older events are discarded; null for all
   */
  settle(
    subscription: { tenantId: string; id: string },
    fate: 'deliver' | 'discard',
    since: number | null,
  ): Promise<void>;
}
