import type { Loaded } from '../../functions/core/delivery/delivery-store.ts';
import { askBreaker, type Health, healthOf } from '../../functions/core/subscription/health.ts';
import type { WebhookResult } from '../../functions/core/target/webhook.ts';

/** Sees what invocations do to the health of a subscription, and notes what must not be. */
export class HealthWatch {
  readonly breaches: string[] = [];
  /** Attempts that were made as probes. */
  readonly probes = new Set<string>();
  /** How often a delivery was found to wait for the breaker. */
  held = 0;
  private readonly now: () => number;

  constructor(now: () => number) {
    this.now = now;
  }

  /** @returns what to call as the invocation goes on */
  begin() {
    let gate = 'closed';
    let isByHand = false;
    let isHealthy = false;
    let lease: string | null = null;
    let sent: { generation: number; result: WebhookResult } | null = null;
    return {
      loaded: ({ subscription, delivery }: Loaded): void => {
        if (subscription === null) return;
        const health = healthOf(subscription);
        gate = askBreaker(health, this.now());
        if (gate === 'open') this.held += 1;
        isByHand = delivery?.requested === 'manual';
        isHealthy = health.failing === null && health.breaker.state === 'closed' && health.breaker.unavailable === 0;
      },
      sending: (generation: number, result: WebhookResult): void => {
        sent = { generation, result };
        if (isByHand || gate === 'closed') return;
        if (gate === 'open') this.breaches.push('an attempt while the breaker is open');
        else if (lease === null || this.probes.has(lease)) this.breaches.push('an attempt that is not the only probe');
        else this.probes.add(lease);
      },
      /** @param before the health as it stood */
      saved: (before: Health | null, written: Health): void => {
        if (sent === null) {
          if (before !== null && askBreaker(before, this.now()) !== 'probe')
            this.breaches.push('a second probe while one is under way');
          lease = written.breaker.state === 'open' ? written.breaker.probe : null;
          return;
        }
        if (written.generation !== sent.generation) this.breaches.push('a verdict on a moved or resumed subscription');
        if (isHealthy && sent.result.outcome === 'success') this.breaches.push('a write for a healthy subscription');
      },
    };
  }
}
