import * as z from 'zod';
import { SYSTEM_TENANT } from '../ids.ts';
import { emitSystemEvent, type SystemEventPorts } from './emit.ts';
import { CountedSystemEvent, type OwedSystemEvent, systemEventId } from './system-event.ts';

/** What may happen thousands of times a minute is told once a minute and subject, with how often it happened. */
const WINDOW_MS = 60_000;

/**
 * What counts in a later window looks for one from here on before now, in milliseconds: done again, it finds the one that it began.
 * Long enough for a message that fails to come back twenty times, short enough to look at each minute.
 */
const REPEATED_MS = 60 * WINDOW_MS;

/** A minute of one kind of event about one subject. `startsAt` in epoch milliseconds. */
const Window = z.object({ subject: z.string(), startsAt: z.number() });
export type Window = z.infer<typeof Window>;

/** The port to the counts. Each window is counted until it is closed. */
export interface SystemEventCounts {
  /** Adds to a window, unless it is closed. `begunBy`: the cause that was the first to add. */
  addToWindow(window: Window, cause: string, by: number): Promise<{ begunBy: string; isClosed: boolean }>;
  /** Closes a window. Returns its count, however often it is closed. */
  closeWindow(window: Window): Promise<number>;
}

/** On the deliveries queue and on the retries queue, once its window is over: tell what was counted. */
export const TellCountedMessage = z.object({
  v: z.literal(1),
  kind: z.literal('tell_counted'),
  window: Window,
  /** What began the window. */
  event: CountedSystemEvent,
});
export type TellCountedMessage = z.infer<typeof TellCountedMessage>;

export interface CountPorts {
  counts: SystemEventCounts;
  /** Resolves once the messages are durably queued. */
  later: { send(messages: readonly { message: TellCountedMessage; delaySeconds: number }[]): Promise<void> };
  now: () => number;
}

/**
 * Counts a system event that is told once a minute. What begins a window also sends the message by which the window is told.
 * Done again, it sends the message again, or finds its window told; it may count itself twice.
 * @param others what is counted with it: one of them began the window, if this is done again in another order
 */
export async function countSystemEvent(
  { counts, later, now }: CountPorts,
  { id, at, event }: Omit<OwedSystemEvent, 'event'> & { event: CountedSystemEvent },
  others: readonly string[] = [],
): Promise<void> {
  if (event.data.tenantId === SYSTEM_TENANT) return;
  const subject = subjectOf(event);
  // By its own time, not by the clock: done again, it belongs to the same window.
  for (let startsAt = startOf(at); ; startsAt = Math.max(startsAt + WINDOW_MS, startOf(now() - REPEATED_MS))) {
    const window = { subject, startsAt };
    const { begunBy, isClosed } = await counts.addToWindow(window, id, event.data.count);
    const isBegunByIt = begunBy === id || others.includes(begunBy);
    if (isClosed && !isBegunByIt) continue; // It comes too late, and counts in a later window.
    if (isClosed || !isBegunByIt) return;
    const delaySeconds = Math.max(0, Math.ceil((startsAt + WINDOW_MS - now()) / 1_000));
    await later.send([{ message: { v: 1, kind: 'tell_counted', window, event }, delaySeconds }]);
    return;
  }
}

const startOf = (at: number): number => at - (at % WINDOW_MS);

function subjectOf({ type, data }: CountedSystemEvent): string {
  return `${type} ${'subscriptionId' in data ? data.subscriptionId : (data.tenantId ?? '')}`;
}

/** Tells what a window counted, as one event. */
export async function tellCounted(
  ports: SystemEventPorts & Pick<CountPorts, 'counts'>,
  { window, event }: TellCountedMessage,
): Promise<void> {
  const count = await ports.counts.closeWindow(window);
  const told = CountedSystemEvent.parse({ ...event, data: { ...event.data, count } });
  const id = systemEventId(`${window.subject} ${window.startsAt}`);
  await emitSystemEvent(ports, { id, at: window.startsAt + WINDOW_MS, event: told });
}
