import * as z from 'zod';
import {
  NO_RESERVATIONS,
  planReservation,
  type RateLimitStore,
  type RateState,
  type ReservationPlan,
  reservationOf,
} from '../../core/delivery/rate-limit.ts';
import { remember } from '../remember.ts';
import type { Tables } from './client.ts';
import { type Condition, createConditionalWrites, type Update } from './conditional-write.ts';
import { type Item, rateLimitKey } from './keys.ts';

const RateItem = z.object({
  nextSlotAt: z.number().default(0),
  lineEndsAt: z.number().default(0),
  lineIntervalMs: z.number().default(0),
});

/** So many limited subscriptions' states a process keeps; without one, a busy subscription costs a read and a write more. */
const MAX_KEPT = 1_000;

/** How often another worker may change what can be had before it counts as a fault. */
const MAX_CONFLICTS = 20;

/** Seconds after which an item that holds nothing any more may go. */
const KEPT_SECONDS = 86_400;

export function createRateLimits(tables: Pick<Tables, 'documents' | 'journalTable' | 'newWriteId'>): RateLimitStore {
  const { documents, journalTable } = tables;
  const writes = createConditionalWrites(tables, journalTable);
  const kept = remember<{ state: RateState }>({ max: MAX_KEPT, ttlMs: null });

  return {
    async reserveSlots(subscriptionId, request) {
      const key = rateLimitKey(subscriptionId);
      const seen = kept(subscriptionId, () => ({ state: NO_RESERVATIONS }));
      for (let conflicts = 0; conflicts < MAX_CONFLICTS; conflicts += 1) {
        const plan = planReservation(seen.state, request);
        const item = await writes.updateIf(key, updateOf(plan), conditionOf(plan));
        if (item !== null) {
          seen.state = RateItem.parse(item);
          return reservationOf(plan, seen.state);
        }
        const stored = await documents.getItem({ TableName: journalTable, Key: key, ConsistentRead: true });
        seen.state = RateItem.parse(stored ?? {});
      }
      throw new Error(`the reservations of ${subscriptionId} changed ${MAX_CONFLICTS} times while slots were reserved`);
    },
  };
}

/** What `reserve` does, as an update expression. */
function updateOf({
  slots,
  turns,
  intervalMs,
  lineIntervalMs,
  slotsBegin,
  slotsFrom,
  lineBegins,
  lineFrom,
  now,
}: ReservationPlan): Update {
  const set: string[] = ['expiresAt = :expiresAt'];
  const values: Item = { ':expiresAt': Math.ceil((now + turns * lineIntervalMs) / 1_000) + KEPT_SECONDS };
  if (slots > 0) {
    set.push(slotsBegin ? 'nextSlotAt = :slotsTo' : 'nextSlotAt = nextSlotAt + :slotsMs');
    if (slotsBegin) values[':slotsTo'] = slotsFrom + slots * intervalMs;
    else values[':slotsMs'] = slots * intervalMs;
  }
  if (turns === 0 && lineBegins) {
    set.push('lineEndsAt = :none');
    values[':none'] = 0;
  }
  if (turns > 0) {
    set.push('lineIntervalMs = :lineIntervalMs');
    values[':lineIntervalMs'] = lineIntervalMs;
    set.push(lineBegins ? 'lineEndsAt = :lineTo' : 'lineEndsAt = lineEndsAt + :turnsMs');
    if (lineBegins) values[':lineTo'] = lineFrom + turns * lineIntervalMs;
    else values[':turnsMs'] = turns * lineIntervalMs;
  }
  return { set: set.join(', '), values };
}

/** What `fits` asks, as a condition. */
function conditionOf(plan: ReservationPlan): Condition {
  const { slots, slotsBegin, slotsFrom, slotsUntil, lineIntervalMs, lineBegins, idleFrom, now } = plan;
  const values: Item = { ':now': now, ':lineIntervalMs': lineIntervalMs, ':idleFrom': idleFrom };
  const parts = [
    lineBegins
      ? '(attribute_not_exists(lineEndsAt) OR lineEndsAt <= :now OR lineIntervalMs > :lineIntervalMs OR nextSlotAt < :idleFrom)'
      : 'lineEndsAt > :now AND NOT (lineIntervalMs > :lineIntervalMs OR nextSlotAt < :idleFrom)',
  ];
  if (slots > 0) {
    values[':slotsFrom'] = slotsFrom;
    if (slotsBegin) parts.push('(attribute_not_exists(nextSlotAt) OR nextSlotAt < :slotsFrom)');
    else {
      values[':slotsUntil'] = slotsUntil;
      parts.push('nextSlotAt BETWEEN :slotsFrom AND :slotsUntil');
    }
  }
  return { expression: parts.join(' AND '), values };
}
