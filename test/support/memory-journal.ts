import type { DeliverDeps } from '../../functions/core/delivery/deliver.ts';
import type { Delivery } from '../../functions/core/delivery/delivery.ts';
import type { Loaded } from '../../functions/core/delivery/delivery-store.ts';
import type { DueEntry, DueStore } from '../../functions/core/delivery/due-store.ts';
import type { DeliverMessage } from '../../functions/core/delivery/queue-message.ts';
import type { SettleParkedPorts } from '../../functions/core/delivery/settle-parked.ts';
import type { Event } from '../../functions/core/event/event.ts';
import type { DeliveryRef } from '../../functions/core/ids.ts';
import type { StatusReason, Subscription } from '../../functions/core/subscription/subscription.ts';

type DeliverStore = DeliverDeps['store'];
type SettleStore = SettleParkedPorts['store'];
type Operation = keyof (DeliverStore & SettleStore & DueStore);

/** How the real journal finds a delivery. */
const deliveryKeyOf = ({ subscriptionId, eventId, eventAt }: DeliveryRef): string =>
  `${subscriptionId} ${eventId} ${eventAt}`;

/** As in the real journal: far from every revision that a failure can have. */
const SUCCESS_REVISION = 1_000_000;

/** The two tables as `deliver`, release and `sweep` use them, with the real ones' conditions on each write. */
export class MemoryJournal implements DeliverStore, SettleStore, DueStore {
  readonly shards = ['one'];
  readonly deliveries = new Map<string, Delivery>();
  readonly subscriptions = new Map<string, Subscription>();
  readonly events = new Map<string, Event>();
  /** Sealed, by tenant. */
  readonly tenantKeys = new Map<string, string>();
  /** Every call, as it begins. */
  readonly calls: Operation[] = [];
  /** What an eventually consistent read does not see yet. */
  readonly unseen = new Set<string>();
  pageSize = 100;
  /** What the indexes show while they lag; null: they show what is. */
  private indexed: Map<string, Delivery> | null = null;
  /** Runs before a call takes effect; when it throws, the call has done nothing. */
  before: (operation: Operation) => void | Promise<void> = () => {};
  /** Runs after a call took effect; when it throws, the caller never learns that it did. */
  after: (operation: Operation) => void | Promise<void> = () => {};

  add(...things: (Subscription | Event)[]): this {
    for (const thing of things) {
      if ('url' in thing) this.subscriptions.set(`${thing.tenantId} ${thing.id}`, thing);
      else this.events.set(`${thing.tenantId} ${thing.id}`, thing);
    }
    return this;
  }

  /** From now on the indexes show the deliveries as they are now. DynamoDB's follow after moments; until then they lag. */
  catchUpIndexes(): void {
    this.indexed = new Map(this.deliveries);
  }

  delivery(ref: DeliveryRef): Delivery | undefined {
    return this.deliveries.get(deliveryKeyOf(ref));
  }

  store(delivery: Delivery): Delivery {
    this.deliveries.set(deliveryKeyOf(delivery), delivery);
    return delivery;
  }

  private async run<T>(operation: Operation, act: () => T): Promise<T> {
    this.calls.push(operation);
    await this.before(operation);
    const answer = act();
    await this.after(operation);
    return answer;
  }

  loadForMessages(messages: readonly DeliverMessage[], consistent: boolean): Promise<Loaded[]> {
    const seen = <T>(map: Map<string, T>, key: string): T | null =>
      !consistent && this.unseen.has(key) ? null : (map.get(key) ?? null);
    return this.run('loadForMessages', () =>
      messages.map((message) => ({
        delivery: seen(this.deliveries, deliveryKeyOf(message)),
        subscription: seen(this.subscriptions, `${message.tenantId} ${message.subscriptionId}`),
        event: seen(this.events, `${message.tenantId} ${message.eventId}`),
      })),
    );
  }

  putSucceededDeliveries(deliveries: readonly Delivery[]): Promise<void> {
    return this.run('putSucceededDeliveries', () => {
      for (const delivery of deliveries) this.store({ ...delivery, revision: SUCCESS_REVISION });
    });
  }

  saveDelivery(delivery: Delivery, revision: number): Promise<boolean> {
    return this.run('saveDelivery', () => {
      if ((this.delivery(delivery)?.revision ?? 0) !== revision) return false;
      this.store({ ...delivery, revision: revision + 1 });
      return true;
    });
  }

  getDelivery(ref: DeliveryRef): Promise<Delivery | null> {
    return this.run('getDelivery', () => this.delivery(ref) ?? null);
  }

  getSubscription(tenantId: string, subscriptionId: string): Promise<Subscription | null> {
    return this.run('getSubscription', () => this.subscriptions.get(`${tenantId} ${subscriptionId}`) ?? null);
  }

  disableSubscription(
    tenantId: string,
    subscriptionId: string,
    reason: StatusReason,
    generation: number,
  ): Promise<boolean> {
    return this.run('disableSubscription', () => {
      const current = this.subscriptions.get(`${tenantId} ${subscriptionId}`);
      if (current?.status !== 'active' || current.generation !== generation) return false;
      this.add({ ...current, status: 'disabled', statusReason: reason });
      return true;
    });
  }

  removeSubscription(tenantId: string, subscriptionId: string, generation: number | null): Promise<boolean> {
    return this.run('removeSubscription', () => {
      const key = `${tenantId} ${subscriptionId}`;
      if (generation !== null && this.subscriptions.get(key)?.generation !== generation) return false;
      return this.subscriptions.delete(key);
    });
  }

  /** All in one page. */
  async pageSubscriptions(tenantId: string) {
    return { values: [...this.subscriptions.values()].filter((one) => one.tenantId === tenantId), next: null };
  }

  getTenantKey(tenantId: string): Promise<string | null> {
    return this.run('getTenantKey', () => this.tenantKeys.get(tenantId) ?? null);
  }

  listWaitingDeliveries(subscriptionId: string, status: 'parked' | 'pending', cursor: string | null) {
    return this.run('listWaitingDeliveries', () => {
      const sortKey = ({ eventAt, eventId }: Delivery) => `${new Date(eventAt).toISOString()}#${eventId}`;
      const waiting = [...(this.indexed ?? this.deliveries).values()]
        .filter((one) => one.subscriptionId === subscriptionId && one.status === status)
        .map((one) => this.delivery(one) ?? one)
        .filter((one) => one.status === status)
        .map((delivery) => ({ delivery, key: sortKey(delivery) }))
        .filter(({ key }) => cursor === null || key > cursor)
        .sort((a, b) => (a.key < b.key ? -1 : 1));
      const page = waiting.slice(0, this.pageSize);
      return {
        deliveries: page.map(({ delivery }) => delivery),
        cursor: waiting.length > page.length ? (page.at(-1)?.key ?? null) : null,
      };
    });
  }

  listDueDeliveries(_shard: string, now: number): Promise<DueEntry[]> {
    return this.run('listDueDeliveries', () =>
      [...(this.indexed ?? this.deliveries).entries()]
        .flatMap(([pk, { dueAt }]) => (dueAt === null || dueAt > now ? [] : [{ key: { pk, sk: '' }, dueAt }]))
        .sort((a, b) => a.dueAt - b.dueAt)
        .slice(0, this.pageSize),
    );
  }

  leaseDelivery({ key, dueAt }: DueEntry, until: number): Promise<Delivery | null> {
    return this.run('leaseDelivery', () => {
      const current = this.deliveries.get(key.pk);
      if (current === undefined || current.dueAt !== dueAt) return null;
      const { ticket, revision } = current;
      return this.store({ ...current, dueAt: until, ticket: ticket + 1, revision: revision + 1 });
    });
  }
}
