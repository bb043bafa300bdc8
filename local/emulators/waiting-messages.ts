interface Message {
  messageGroupId?: string;
}

interface Link<Item> {
  message: Item;
  next: Link<Item> | undefined;
}

/**
 * The messages of a queue that can be received, in the order of SQS's fair queues: first those of the group with the fewest messages
 * in flight, and among such groups those of the one that was served longest ago. Within a group the oldest comes first. All messages
 * without a group are one group.
 */
export class WaitingMessages<Item extends Message> {
  /** By group, the one that was served last at the end. */
  readonly #lines = new Map<string, { first: Link<Item>; last: Link<Item> }>();
  readonly #inFlight: InFlight<Item>;
  #length = 0;

  constructor(inFlight: InFlight<Item>) {
    this.#inFlight = inFlight;
  }

  get length(): number {
    return this.#length;
  }

  push(message: Item): void {
    const link = { message, next: undefined };
    const line = this.#lines.get(groupOf(message));
    if (line) {
      line.last.next = link;
      line.last = link;
    } else this.#lines.set(groupOf(message), { first: link, last: link });
    this.#length += 1;
  }

  shift(): Item | undefined {
    const group = this.#quietest();
    const line = group === undefined ? undefined : this.#lines.get(group);
    if (group === undefined || line === undefined) return undefined;
    const { message, next } = line.first;
    this.#lines.delete(group);
    if (next) this.#lines.set(group, { first: next, last: line.last });
    this.#length -= 1;
    return message;
  }

  clear(): void {
    this.#lines.clear();
    this.#length = 0;
  }

  #quietest(): string | undefined {
    let quietest: string | undefined;
    let least = Number.POSITIVE_INFINITY;
    for (const group of this.#lines.keys()) {
      const count = this.#inFlight.countOf(group);
      if (count >= least) continue;
      [quietest, least] = [group, count];
      if (count === 0) break;
    }
    return quietest;
  }
}

/** The messages in flight by receipt handle, counted by group. */
export class InFlight<Item extends Message> extends Map<string, { message: Item }> {
  readonly #counts = new Map<string, number>();

  countOf(group: string): number {
    return this.#counts.get(group) ?? 0;
  }

  override set(handle: string, entry: { message: Item }): this {
    this.delete(handle);
    this.#count(entry, 1);
    return super.set(handle, entry);
  }

  override delete(handle: string): boolean {
    const entry = this.get(handle);
    if (entry) this.#count(entry, -1);
    return super.delete(handle);
  }

  override clear(): void {
    this.#counts.clear();
    super.clear();
  }

  #count({ message }: { message: Item }, change: number): void {
    const group = groupOf(message);
    const count = this.countOf(group) + change;
    if (count === 0) this.#counts.delete(group);
    else this.#counts.set(group, count);
  }
}

function groupOf({ messageGroupId = '' }: Message): string {
  return messageGroupId;
}
