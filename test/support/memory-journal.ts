import type { AuditRecord } from '../../functions/core/access/audit-record.ts';
import type { DeliverDeps } from '../../functions/core/delivery/deliver.ts';
import { type Delivery, isParked } from '../../functions/core/delivery/delivery.ts';
import type { DeliveryStore, Loaded } from '../../functions/core/delivery/delivery-store.ts';
import type { DueEntry, DueStore } from '../../functions/core/delivery/due-store.ts';
import type { DeliverMessage } from '../../functions/core/delivery/queue-message.ts';
import type { SettleParkedPorts } from '../../functions/core/delivery/settle-parked.ts';
import type { Event } from '../../functions/core/event/event.ts';
import type { EventRef, EventStore } from '../../functions/core/event/event-store.ts';
import type { DeliveryRef } from '../../functions/core/ids.ts';
import type { TenantDataPage, TenantDataStore, TenantRecord } from '../../functions/core/jobs/tenant-data.ts';
import type { ListOptions, Matches, Page } from '../../functions/core/page.ts';
import type { Health } from '../../functions/core/subscription/health.ts';
import type { StatusReason, Subscription } from '../../functions/core/subscription/subscription.ts';
import type { SavedHealth } from '../../functions/core/subscription/subscription-store.ts';
import { NOW } from './domain.ts';
import { pageOf } from './page-of.ts';

type DeliverStore = DeliverDeps['store'];
type SettleStore = SettleParkedPorts['store'];
/** What jobs read besides. */
type RangeStore = Pick<DeliveryStore, 'listDeliveries' | 'listDeliveriesByStatus' | 'getDeliveries'> &
  Pick<EventStore, 'listEvents' | 'getEvent' | 'expungeEvent'> &
  TenantDataStore;
type Operation = keyof (DeliverStore & SettleStore & DueStore<Delivery> & RangeStore & Pick<EventStore, 'createEvent'>);

/** How the real journal finds a delivery. */
const deliveryKeyOf = ({ subscriptionId, eventId, eventAt }: DeliveryRef): string =>
  `${subscriptionId} ${eventId} ${eventAt}`;

/** As in the real journal: far from every revision that a failure can have. */
const SUCCESS_REVISION = 1_000_000;

/** The two tables as `deliver`, the settling of parked deliveries and `sweep` use them. Their contracts are in test/contracts. */
export class MemoryJournal
  implements DeliverStore, SettleStore, DueStore<Delivery>, RangeStore, Pick<EventStore, 'createEvent'>
{
  readonly shards = ['one'];
  readonly deliveries = new Map<string, Delivery>();
  readonly subscriptions = new Map<string, Subscription>();
  readonly events = new Map<string, Event>();
  readonly auditRecords = new Map<string, AuditRecord>();
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

  /** When the journal forgets a delivery or an event, epoch milliseconds; what is not in it stays. */
  private readonly ends = new Map<string, number>();
  private readonly now: () => number;
  private readonly retentionMs: number;

  constructor(now = (): number => NOW, retentionMs = Number.POSITIVE_INFINITY) {
    this.now = now;
    this.retentionMs = retentionMs;
  }

  add(...things: (Subscription | Event)[]): this {
    for (const thing of things) {
      const key = `${thing.tenantId} ${thing.id}`;
      if ('url' in thing) this.subscriptions.set(key, thing);
      else {
        this.events.set(key, thing);
        this.ends.set(`event ${key}`, this.now() + this.retentionMs);
      }
    }
    return this;
  }

  private isLive(key: string): boolean {
    return (this.ends.get(key) ?? Number.POSITIVE_INFINITY) > this.now();
  }

  /** Null also for one past its retention. */
  private live(ref: DeliveryRef): Delivery | null {
    return this.isLive(deliveryKeyOf(ref)) ? (this.delivery(ref) ?? null) : null;
  }

  private write(delivery: Delivery): void {
    this.ends.set(deliveryKeyOf(delivery), this.now() + this.retentionMs);
    this.store(delivery);
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
        delivery: this.isLive(deliveryKeyOf(message)) ? seen(this.deliveries, deliveryKeyOf(message)) : null,
        subscription: seen(this.subscriptions, `${message.tenantId} ${message.subscriptionId}`),
        event: this.isLive(`event ${message.tenantId} ${message.eventId}`)
          ? seen(this.events, `${message.tenantId} ${message.eventId}`)
          : null,
      })),
    );
  }

  putSucceededDeliveries(deliveries: readonly Delivery[]): Promise<void> {
    return this.run('putSucceededDeliveries', () => {
      for (const delivery of deliveries) this.write({ ...delivery, revision: SUCCESS_REVISION });
    });
  }

  saveDelivery(delivery: Delivery, revision: number): Promise<boolean> {
    return this.run('saveDelivery', () => {
      if ((this.live(delivery)?.revision ?? 0) !== revision) return false;
      this.write({ ...delivery, revision: revision + 1 });
      return true;
    });
  }

  getDelivery(ref: DeliveryRef): Promise<Delivery | null> {
    return this.run('getDelivery', () => this.live(ref));
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
      this.add({
        ...current,
        status: 'disabled',
        statusReason: reason,
        updatedAt: reason.at,
        revision: current.revision + 1,
      });
      return true;
    });
  }

  saveHealth(tenantId: string, subscriptionId: string, health: Health): Promise<SavedHealth> {
    return this.run('saveHealth', () => {
      const current = this.subscriptions.get(`${tenantId} ${subscriptionId}`);
      if (current === undefined) return { saved: false, subscription: null };
      const isAsSeen = (current.health?.revision ?? 0) === health.revision;
      if (!isAsSeen || current.generation !== health.generation) return { saved: false, subscription: current };
      const subscription = { ...current, health: { ...health, revision: health.revision + 1 } };
      this.add(subscription);
      return { saved: true, subscription };
    });
  }

  removeSubscription(tenantId: string, subscriptionId: string, generation: number | null): Promise<boolean> {
    return this.run('removeSubscription', () => {
      const key = `${tenantId} ${subscriptionId}`;
      const current = this.subscriptions.get(key);
      if (current !== undefined && generation !== null && current.generation !== generation) return false;
      this.subscriptions.delete(key);
      return true;
    });
  }

  /** All in one page. */
  async pageSubscriptions(tenantId: string, _limit: number, _after: string | null, matches: Matches<Subscription>) {
    const own = [...this.subscriptions.values()].filter((one) => one.tenantId === tenantId);
    return { values: own.filter((one) => matches === null || matches(one)), next: null };
  }

  createEvent(event: Event): Promise<boolean> {
    return this.run('createEvent', () => {
      const key = `${event.tenantId} ${event.id}`;
      if (this.events.has(key) && this.isLive(`event ${key}`)) return false;
      this.add(event);
      return true;
    });
  }

  getTenantKey(tenantId: string): Promise<string | null> {
    return this.run('getTenantKey', () => this.tenantKeys.get(tenantId) ?? null);
  }

  listWaitingDeliveries(subscriptionId: string, status: 'parked' | 'pending', cursor: string | null) {
    return this.run('listWaitingDeliveries', () => {
      const sortKey = ({ eventAt, eventId }: Delivery) => `${new Date(eventAt).toISOString()}#${eventId}`;
      const waits = (one: Delivery) => (status === 'parked' ? isParked(one) : one.status === status);
      const waiting = [...(this.indexed ?? this.deliveries).values()]
        .filter((one) => one.subscriptionId === subscriptionId && waits(one))
        .flatMap((one) => this.live(one) ?? [])
        .filter(waits)
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

  getDeliveries(refs: readonly DeliveryRef[]): Promise<(Delivery | null)[]> {
    return this.run('getDeliveries', () => refs.map((ref) => this.live(ref)));
  }

  listDeliveries(subscriptionId: string, options: ListOptions, matches: Matches<Delivery>): Promise<Page<Delivery>> {
    return this.run('listDeliveries', () => {
      const own = [...this.deliveries.values()].filter((one) => one.subscriptionId === subscriptionId);
      return pageOf(own, ({ eventAt, eventId }) => ({ at: eventAt, id: eventId }), options, matches);
    });
  }

  listDeliveriesByStatus(
    subscriptionId: string,
    status: string,
    options: ListOptions,
    matches: Matches<Delivery>,
  ): Promise<Page<Delivery>> {
    return this.run('listDeliveriesByStatus', () => {
      const own = [...(this.indexed ?? this.deliveries).values()]
        .filter((one) => one.subscriptionId === subscriptionId && one.status === status)
        .flatMap((one) => this.live(one) ?? []);
      return pageOf(own, ({ eventAt, eventId }) => ({ at: eventAt, id: eventId }), options, matches);
    });
  }

  expungeEvent({ tenantId, id }: EventRef): Promise<boolean> {
    return this.run('expungeEvent', () => {
      const known = this.events.get(`${tenantId} ${id}`);
      if (known !== undefined) this.events.set(`${tenantId} ${id}`, { ...known, data: null });
      return known !== undefined;
    });
  }

  scanTenantData(tenantId: string, cursor: string | null): Promise<TenantDataPage> {
    return this.run('scanTenantData', () => {
      const all: { key: string; record: TenantRecord }[] = [
        ...[...this.events].map(([key, value]) => ({ key: `event ${key}`, record: { kind: 'event' as const, value } })),
        ...[...this.deliveries].map(([key, value]) => ({ key, record: { kind: 'delivery' as const, value } })),
        ...[...this.auditRecords]
          .filter(([, { changes }]) => Object.keys(changes).length > 0)
          .map(([key, value]) => ({ key: `audit ${key}`, record: { kind: 'audit_record' as const, value } })),
      ];
      const rest = all
        .filter(({ key }) => cursor === null || key > cursor)
        .toSorted((one, other) => (one.key < other.key ? -1 : 1));
      const page = rest.slice(0, this.pageSize);
      const own = Map.groupBy(
        page.filter(({ record }) => record.value.tenantId === tenantId),
        ({ key }) => this.isLive(key),
      );
      return {
        records: own.get(true)?.map(({ record }) => record) ?? [],
        expired: own.get(false)?.map(({ record }) => record) ?? [],
        next: rest.length > page.length ? (page.at(-1)?.key ?? null) : null,
      };
    });
  }

  removeTenantData(records: readonly TenantRecord[]): Promise<void> {
    return this.run('removeTenantData', () => {
      for (const { kind, value } of records) {
        if (kind === 'event') this.events.delete(`${value.tenantId} ${value.id}`);
        if (kind === 'delivery') this.deliveries.delete(deliveryKeyOf(value));
        if (kind === 'audit_record') this.forgetChanges(value);
      }
    });
  }

  private forgetChanges({ id }: AuditRecord): void {
    const known = this.auditRecords.get(id);
    if (known !== undefined) this.auditRecords.set(id, { ...known, changes: {} });
  }

  getEvent(tenantId: string, id: string): Promise<Event | null> {
    return this.run('getEvent', () => {
      const key = `${tenantId} ${id}`;
      return this.isLive(`event ${key}`) ? (this.events.get(key) ?? null) : null;
    });
  }

  listEvents(tenantId: string, options: ListOptions, matches: Matches<Event>): Promise<Page<Event>> {
    return this.run('listEvents', () => {
      const own = [...this.events.entries()].filter(
        ([key, event]) => event.tenantId === tenantId && this.isLive(`event ${key}`),
      );
      return pageOf(
        own.map(([, event]) => event),
        ({ acceptedAt, id }) => ({ at: acceptedAt, id }),
        options,
        matches,
      );
    });
  }

  listDue(_shard: string, now: number): Promise<DueEntry[]> {
    return this.run('listDue', () =>
      [...(this.indexed ?? this.deliveries).entries()]
        .flatMap(([pk, { dueAt }]) => (dueAt === null || dueAt > now ? [] : [{ key: { pk, sk: '' }, dueAt }]))
        .sort((a, b) => a.dueAt - b.dueAt)
        .slice(0, this.pageSize),
    );
  }

  lease({ key, dueAt }: DueEntry, until: number): Promise<Delivery | null> {
    return this.run('lease', () => {
      const current = this.deliveries.get(key.pk);
      if (current === undefined || current.dueAt !== dueAt) return null;
      if (!this.isLive(key.pk)) {
        this.store({ ...current, dueAt: null });
        return null;
      }
      const { ticket, revision } = current;
      return this.store({ ...current, dueAt: until, ticket: ticket + 1, revision: revision + 1 });
    });
  }
}
