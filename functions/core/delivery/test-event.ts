import type { Event } from '../event/event.ts';
import { type EventType, TEST_EVENT_TYPE } from '../event/event-type.ts';
import { newId, type Random } from '../ids.ts';
import type { ProfileDocument } from '../profile/profile.ts';
import { invalidField, type Refusal } from '../refusal.ts';

const MESSAGE = '{"message":"This is a test event from Posthorn."}';

/** An event that is made to be sent once. */
export type SingleEvent = Event & { data: string };

export interface TestEventPorts {
  getEventType(name: string): Promise<EventType | null>;
  now: () => number;
  random: Random;
}

/**
 * The event that a test sends, as the profile says.
 * @param asked the event type that was asked for, if one was
 * @param eventTypes what the subscription wants; none before there is one
 */
export async function makeTestEvent(
  ports: TestEventPorts,
  tenantId: string,
  { testEvent }: ProfileDocument,
  asked: string | undefined,
  eventTypes: readonly string[],
): Promise<SingleEvent | Refusal> {
  const own = asked ?? eventTypes.find((pattern) => !pattern.endsWith('*'));
  switch (testEvent.kind) {
    case 'fixed':
      return event(ports, tenantId, own ?? TEST_EVENT_TYPE, JSON.stringify(testEvent.data));
    case 'message':
      return asked === undefined
        ? event(ports, tenantId, TEST_EVENT_TYPE, MESSAGE)
        : exampleEvent(ports, tenantId, asked);
    case 'example': {
      if (asked !== undefined) return exampleEvent(ports, tenantId, asked);
      const example = own === undefined ? null : ((await ports.getEventType(own))?.example ?? null);
      return event(ports, tenantId, own ?? TEST_EVENT_TYPE, example ?? MESSAGE);
    }
    default:
      return testEvent satisfies never;
  }
}

async function exampleEvent(ports: TestEventPorts, tenantId: string, type: string): Promise<SingleEvent | Refusal> {
  const known = await ports.getEventType(type);
  if (known?.example !== undefined && known.example !== null) return event(ports, tenantId, type, known.example);
  const message = known === null ? 'is not a known event type' : 'has no example';
  return invalidField('/eventType', `${message}: add one, or leave eventType out`);
}

function event({ now, random }: TestEventPorts, tenantId: string, type: string, data: string): SingleEvent {
  const at = now();
  return {
    tenantId,
    id: newId('evt', at, random),
    type,
    environment: 'production',
    occurredAt: at,
    acceptedAt: at,
    recordedAt: at,
    contentHash: '',
    data,
  };
}
