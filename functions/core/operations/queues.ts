/** The queues that feed a function, each with a dead-letter queue. */
export const QUEUE_NAMES = ['events', 'deliveries', 'retries', 'jobs'] as const;
export type QueueName = (typeof QUEUE_NAMES)[number];

/** About how many messages a queue has: SQS counts with a delay of up to a minute. */
export interface QueueSize {
  /** Can be received now. */
  visible: number;
  /** Were received, and are hidden. */
  inFlight: number;
  /** Are not visible yet. */
  delayed: number;
}

/** A message that never finished. `sentAt` in epoch milliseconds. */
export interface DeadLetter {
  messageId: string;
  sentAt: number;
  body: string;
  bodyTruncated: boolean;
}

/** What came of putting dead letters back. */
export interface Redriven {
  moved: number;
  /** False if time ran out before the last of them. */
  isEmpty: boolean;
}

/** The port to the queues for those who run Posthorn. */
export interface Queues {
  measureQueue(name: QueueName): Promise<QueueSize>;
  measureDeadLetters(name: QueueName): Promise<QueueSize>;
  /** Some of a dead-letter queue's messages, up to ten. They stay where they are. */
  peekDeadLetters(name: QueueName): Promise<DeadLetter[]>;
  /**
   * Puts dead letters back into their queue. Rejects if some could not be sent; those stay dead letters.
   * @param hasTime false once no further page is to be begun
   */
  redriveDeadLetters(name: QueueName, hasTime: () => boolean): Promise<Redriven>;
}
