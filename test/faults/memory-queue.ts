import type { MadeId } from '../../functions/core/event/parse-message.ts';
import type { Choices } from './random.ts';

/** A message as SQS keeps it. Times are epoch milliseconds. */
export interface QueuedMessage {
  id: string;
  body: string;
  madeId: MadeId | null;
  sentAt: number;
  visibleAt: number;
  receives: number;
}

/** As the retries queue's: a message of an invocation that crashed comes back after this. */
const VISIBILITY_MS = 90_000;

/** A queue that hands messages out at least once, and in any order. */
export class MemoryQueue {
  readonly messages = new Map<string, QueuedMessage>();
  private sent = 0;

  send(body: string, now: number, delaySeconds = 0, madeId: MadeId | null = null): void {
    this.sent += 1;
    const id = `message-${this.sent}`;
    const visibleAt = now + delaySeconds * 1_000;
    this.messages.set(id, { id, body, madeId, sentAt: now, visibleAt, receives: 0 });
  }

  visible(now: number): QueuedMessage[] {
    return [...this.messages.values()].filter(({ visibleAt }) => visibleAt <= now);
  }

  /** Up to ten of the messages that can be received. */
  receive(now: number, choices: Choices): QueuedMessage[] {
    const ready = this.visible(now);
    const size = choices.whole(1, 10);
    const taken = new Set(Array.from({ length: Math.min(size, ready.length) }, () => choices.pick(ready)));
    return [...taken].map((message) => this.handOut(message, now));
  }

  /** Hands out a message, also one that is hidden: its visibility ended early. As it stands now. */
  handOut(message: QueuedMessage, now: number): QueuedMessage {
    message.visibleAt = now + VISIBILITY_MS;
    message.receives += 1;
    return { ...message };
  }

  delete({ id }: QueuedMessage): void {
    this.messages.delete(id);
  }

  hide({ id }: QueuedMessage, until: number): void {
    const message = this.messages.get(id);
    if (message !== undefined) message.visibleAt = until;
  }

  /** Purges the queue. Gives how many messages it had. */
  empty(): number {
    const count = this.messages.size;
    this.messages.clear();
    return count;
  }
}
