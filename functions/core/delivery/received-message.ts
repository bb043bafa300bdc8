import type { Delivery } from './delivery.ts';
import type { DeliverMessage } from './queue-message.ts';

export interface ReceivedMessage {
  message: DeliverMessage;
  /** Whether the message waits in the retries queue. */
  fromRetries: boolean;
  /** SQS has handed it out before, so another invocation may have written what a stale read would miss. */
  receivedBefore: boolean;
}

/**
 * What becomes of a message. `hide`: it comes back after that many seconds. `fail`: a fault of ours; it comes back when its
 * visibility timeout ends.
 */
export type Decision = { kind: 'ack' } | { kind: 'hide'; seconds: number } | { kind: 'fail' };

/**
 * Whether this is the one message that carries the delivery through its waits. A parked delivery has none: any number of
 * messages may have been sent to wake it.
 */
export function isCarrier({ message, fromRetries }: ReceivedMessage, { ticket, status }: Delivery): boolean {
  return fromRetries && message.ticket === ticket && status !== 'parked';
}

/** Whether another message may have made the same first attempt. */
export function mayHaveTwin({ message, receivedBefore }: ReceivedMessage): boolean {
  return receivedBefore || message.repeated === true;
}
