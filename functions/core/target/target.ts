import type { Credentials } from './receiver-url.ts';
import type { SendResult } from './webhook.ts';

/** An HTTP endpoint. `url` is as it is shown: without user name and password. */
export interface HttpTarget {
  kind: 'http';
  url: string;
}

/**
 * Where a subscription's deliveries go: a closed union. A second kind is a member here, and an implementation of the port
 * that passes the suite `test/core/target/conformance.ts`.
 */
export type Target = HttpTarget;

/** `message` is for the person who wrote the target. It repeats no secret. */
export type TargetCheck<T extends Target> =
  | { ok: true; target: T; credentials: Credentials | null }
  | { ok: false; code: string; message: string };

/** What each kind of target can do. */
export interface TargetPort<T extends Target, Request> {
  /** Reads what a person wrote. Refuses what could never be delivered to, without asking the network. */
  validate(text: string): TargetCheck<T>;
  /** Names a target in a sentence. */
  describe(target: T): string;
  /** A text that may hold a target, such as one that a receiver sent, without its credentials. */
  redact(text: string): string;
  /** Makes one attempt. What comes of it is a value, without credentials: `send` never rejects. */
  send(request: Request): Promise<SendResult>;
}
