import * as z from 'zod';
import { AwsError } from '../../functions/adapters/aws/calls.ts';
import { atRevision, createConditionalWrites } from '../../functions/adapters/dynamodb/conditional-write.ts';
import type { Documents } from '../../functions/adapters/dynamodb/documents.ts';
import type { Delivery } from '../../functions/core/delivery/delivery.ts';
import type { Loaded } from '../../functions/core/delivery/delivery-store.ts';
import type { DeliverMessage } from '../../functions/core/delivery/queue-message.ts';
import type { Event } from '../../functions/core/event/event.ts';
import { type EventRef, eventKey, type RecordedEvent } from '../../functions/core/event/event-store.ts';
import type { DeliveryRef } from '../../functions/core/ids.ts';
import type { IngestStore } from '../../functions/core/ingest/ingest.ts';
import { MemoryJournal } from '../support/memory-journal.ts';

const Get = z.object({ Key: z.object({ pk: z.string() }) });
const Put = z.object({
  Item: z.object({ pk: z.string(), writeId: z.string(), delivery: z.custom<Delivery>() }),
});
const unused = (): never => {
  throw new Error('the world writes deliveries only');
};
const keyOf = ({ subscriptionId, eventId, eventAt }: DeliveryRef): string => `${subscriptionId} ${eventId} ${eventAt}`;

/** So small that a fan-out, and what waits for a subscription, take several pages. */
const PAGE_SIZE = 3;

/** What happens to the store, asked at each chance. */
export interface StoreFaults {
  /** Whether an eventually consistent read sees an earlier state. */
  isStale(): boolean;
  /** Whether the answer to a conditional write is lost, so that the call is repeated. */
  isRepeated(): boolean;
}

/** Both tables in memory, as all functions use them. Deliveries are written by the adapters' own conditional writes. */
export class WorldStore extends MemoryJournal implements IngestStore {
  override pageSize = PAGE_SIZE;
  private readonly cursors = new Map<string, string | null>();
  private past = new MemoryJournal();
  private pastCursors = new Map<string, string | null>();
  private readonly faults: StoreFaults;
  private readonly writes: ReturnType<typeof createConditionalWrites>;
  /** By the delivery's key. */
  private readonly writeIds = new Map<string, string>();

  constructor(now: () => number, faults: StoreFaults) {
    super(now);
    this.faults = faults;
    let writeIds = 0;
    const documents: Documents = {
      getItem: async (input) => ({ writeId: this.writeIds.get(Get.parse(input).Key.pk) }),
      putItem: (input) => this.put(Put.parse(input).Item),
      updateItem: unused,
      deleteItem: unused,
      query: unused,
      scan: unused,
    };
    this.writes = createConditionalWrites({ documents, newWriteId: () => `write ${writeIds++}` }, 'Journal');
  }

  private async put({ pk, writeId, delivery }: z.infer<typeof Put>['Item']): Promise<void> {
    const write = async (): Promise<void> => {
      if (!(await super.saveDelivery(delivery, delivery.revision)))
        throw new AwsError('ConditionalCheckFailedException', 'The conditional request failed', 400, null);
      this.writeIds.set(pk, writeId);
    };
    await write();
    // The call's own repetition, of which its caller learns nothing.
    if (this.faults.isRepeated()) await write();
  }

  override saveDelivery(delivery: Delivery, revision: number): Promise<boolean> {
    const pk = keyOf(delivery);
    return this.writes.putIf({ pk, sk: '', delivery: { ...delivery, revision } }, atRevision(revision));
  }

  /** From now on stale reads see what is now. */
  remember(): void {
    this.past = new MemoryJournal();
    for (const [key, delivery] of this.deliveries) this.past.deliveries.set(key, delivery);
    for (const [key, subscription] of this.subscriptions) this.past.subscriptions.set(key, subscription);
    for (const [key, event] of this.events) this.past.events.set(key, event);
    this.pastCursors = new Map(this.cursors);
  }

  override loadForMessages(messages: readonly DeliverMessage[], consistent: boolean): Promise<Loaded[]> {
    return !consistent && this.faults.isStale()
      ? this.past.loadForMessages(messages, consistent)
      : super.loadForMessages(messages, consistent);
  }

  async getEvents(refs: readonly EventRef[], consistent: boolean): Promise<Map<string, RecordedEvent>> {
    const isPast = !consistent && this.faults.isStale();
    const [events, cursors] = isPast ? [this.past.events, this.pastCursors] : [this.events, this.cursors];
    return new Map(
      refs.flatMap((ref) => {
        const event = events.get(eventKey(ref));
        return event === undefined
          ? []
          : [[eventKey(ref), { event, fanOutCursor: cursors.get(eventKey(ref)) ?? null }]];
      }),
    );
  }

  override async createEvent(event: Event, fanOutCursor: string | null = null): Promise<boolean> {
    const created = await super.createEvent(event);
    if (created) this.cursors.set(eventKey(event), fanOutCursor);
    return created;
  }

  async putEvents(events: readonly Event[]): Promise<void> {
    this.add(...events);
  }

  async putRejectedEvents(): Promise<void> {}

  async saveFanOutCursor(ref: EventRef, cursor: string | null): Promise<void> {
    if (!this.events.has(eventKey(ref))) throw new Error('the event is not on record');
    this.cursors.set(eventKey(ref), cursor);
  }

  async *readMatchable(tenantId: string, after: string | null) {
    let cursor = after;
    do {
      const own = [...this.subscriptions.values()]
        .filter((one) => one.tenantId === tenantId && (cursor === null || one.id > cursor))
        .toSorted((a, b) => (a.id < b.id ? -1 : 1));
      const page = own.slice(0, PAGE_SIZE);
      cursor = own.length > page.length ? (page.at(-1)?.id ?? null) : null;
      yield { tenantExists: true, subscriptions: page, cursor };
    } while (cursor !== null);
  }

  async createTenant(): Promise<void> {}

  async findType(): Promise<null> {
    return null;
  }
}
