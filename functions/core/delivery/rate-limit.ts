/*
 * A rate limit by reservation (GCRA), for all workers together. One item a limited subscription says when its next free
 * slot is, and when the line of those that wait for one ends. docs/decisions/013-slots-and-turns.md says why there are two.
 */

/** What is reserved. Times are epoch milliseconds; one in the past means that nothing is. */
export interface RateState {
  nextSlotAt: number;
  lineEndsAt: number;
  /** Between the turns that were given last, in milliseconds. */
  lineIntervalMs: number;
}

export interface SlotRequest {
  /** Attempts whose turn has come, and those that a person asked for: they go before the line. */
  ready: number;
  /** All others: they join the line, if there is one. */
  fresh: number;
  /** Between two slots, in milliseconds. */
  intervalMs: number;
  /** Between two turns. It is shorter than that of slots while the rate rises. */
  lineIntervalMs: number;
  /** Epoch milliseconds. */
  now: number;
  /** For what waits otherwise than attempts do. Absent: `BURST_MS` and `NEAR_MS`. */
  burstMs?: number;
  nearMs?: number;
}

/** Slots for some of what was asked for, the ready ones first, and turns in the line for the rest. */
export interface Reservation {
  slots: number;
  firstSlotAt: number;
  firstTurnAt: number;
}

export const NO_RESERVATIONS: RateState = { nextSlotAt: 0, lineEndsAt: 0, lineIntervalMs: 0 };

/** Slots of the last moments that were not used can be used at the same moment. */
export const BURST_MS = 500;

/** A slot that is this near is waited for on the spot; what gets none gets a turn in the line, and comes back then. */
export const NEAR_MS = 2_000;

/**
 * Slots that nobody takes for this long are not waited for: whatever had a turn was cancelled, or is late. The line begins
 * anew, or all that is new would wait behind turns that nothing uses.
 */
const IDLE_MS = 10_000;

/**
 * What one update is to add. It is right for every state in which slots and line are (or are not) in use as they were seen:
 * updates of many workers add up, and rarely get into each other's way.
 */
export interface ReservationPlan {
  slots: number;
  turns: number;
  intervalMs: number;
  lineIntervalMs: number;
  /** Slots begin at `slotsFrom`, because none is reserved. False: after those that are reserved. */
  slotsBegin: boolean;
  slotsFrom: number;
  /** The latest `nextSlotAt` from which all slots are near. */
  slotsUntil: number;
  /** Whether turns begin at `lineFrom`, because there is no line. False: they come after those that wait. */
  lineBegins: boolean;
  lineFrom: number;
  /** With a `nextSlotAt` before this, there is no line. */
  idleFrom: number;
  now: number;
}

/** @param seen may be out of date: the plan applies only where `fits` says so */
export function planReservation(seen: RateState, request: SlotRequest): ReservationPlan {
  const { ready, fresh, intervalMs, lineIntervalMs, now, burstMs = BURST_MS, nearMs = NEAR_MS } = request;
  const slotsFrom = now - burstMs;
  const start = Math.max(seen.nextSlotAt, slotsFrom);
  const room = Math.max(0, Math.floor((now + nearMs - start) / intervalMs) + 1);
  const idleFrom = now - IDLE_MS;
  const lineBegins = !hasLine(seen, { lineIntervalMs, idleFrom, now });
  const slots = Math.min(room, lineBegins ? ready + fresh : ready);
  return {
    slots,
    turns: ready + fresh - slots,
    intervalMs,
    lineIntervalMs,
    slotsBegin: seen.nextSlotAt < slotsFrom,
    slotsFrom,
    slotsUntil: now + nearMs - Math.max(0, slots - 1) * intervalMs,
    lineBegins,
    lineFrom: start + slots * intervalMs,
    idleFrom,
    now,
  };
}

/** Whether somebody may wait. Turns that were further apart than they are now are those of a limit that was raised. */
function hasLine(
  { nextSlotAt, lineEndsAt, lineIntervalMs }: RateState,
  asked: Pick<ReservationPlan, 'lineIntervalMs' | 'idleFrom' | 'now'>,
): boolean {
  return lineEndsAt > asked.now && lineIntervalMs <= asked.lineIntervalMs && nextSlotAt >= asked.idleFrom;
}

/** Whether a plan may be carried out on this state. */
export function fits(plan: ReservationPlan, state: RateState): boolean {
  const { nextSlotAt } = state;
  const slotsFit = plan.slotsBegin
    ? nextSlotAt < plan.slotsFrom
    : nextSlotAt >= plan.slotsFrom && nextSlotAt <= plan.slotsUntil;
  return (plan.slots === 0 || slotsFit) && hasLine(state, plan) !== plan.lineBegins;
}

/** The state once the plan is carried out. */
export function reserve(plan: ReservationPlan, { nextSlotAt, ...line }: RateState): RateState {
  const { slots, turns, intervalMs, lineIntervalMs } = plan;
  const start = plan.slotsBegin ? plan.slotsFrom : nextSlotAt;
  return {
    nextSlotAt: slots === 0 ? nextSlotAt : start + slots * intervalMs,
    ...(turns === 0
      ? { ...line, lineEndsAt: plan.lineBegins ? 0 : line.lineEndsAt }
      : { lineEndsAt: (plan.lineBegins ? plan.lineFrom : line.lineEndsAt) + turns * lineIntervalMs, lineIntervalMs }),
  };
}

/** What a plan has got, by the state that it left. */
export function reservationOf(
  { slots, turns, intervalMs, lineIntervalMs }: ReservationPlan,
  left: RateState,
): Reservation {
  return {
    slots,
    firstSlotAt: left.nextSlotAt - slots * intervalMs,
    firstTurnAt: left.lineEndsAt - turns * lineIntervalMs,
  };
}

/** The port to what is reserved. */
export interface RateLimitStore {
  /** One conditional update, repeated only where another worker's has changed what can be had. */
  reserveSlots(subscriptionId: string, request: SlotRequest): Promise<Reservation>;
}
