import type { Event } from '../core/event/event.ts';
import { TEST_EVENT_TYPE } from '../core/event/event-type.ts';
import { newId } from '../core/ids.ts';
import type { ProfileDocument } from '../core/profile/profile.ts';
import { invalid } from './http/problem.ts';
import type { ApiDeps } from './http/route.ts';

const MESSAGE = '{"message":"This is a test event from Posthorn."}';

/**
 * The event that a test sends, as the profile says.
 * @param asked the event type that was asked for, if one was
 * @param eventTypes what the subscription wants; none before there is one
 */
export async function makeTestEvent(
  deps: ApiDeps,
  tenantId: string,
  { testEvent }: ProfileDocument,
  asked: string | undefined,
  eventTypes: readonly string[],
): Promise<Event & { data: string }> {
  const own = asked ?? eventTypes.find((pattern) => !pattern.endsWith('*'));
  switch (testEvent.kind) {
    case 'fixed':
      return event(deps, tenantId, own ?? TEST_EVENT_TYPE, JSON.stringify(testEvent.data));
    case 'message':
      return asked === undefined
        ? event(deps, tenantId, TEST_EVENT_TYPE, MESSAGE)
        : event(deps, tenantId, asked, await exampleOf(deps, asked));
    case 'example': {
      if (asked !== undefined) return event(deps, tenantId, asked, await exampleOf(deps, asked));
      const example = own === undefined ? null : ((await deps.catalog.getEventType(own))?.example ?? null);
      return example === null
        ? event(deps, tenantId, own ?? TEST_EVENT_TYPE, MESSAGE)
        : event(deps, tenantId, own ?? TEST_EVENT_TYPE, example);
    }
    default:
      return testEvent satisfies never;
  }
}

async function exampleOf(deps: ApiDeps, type: string): Promise<string> {
  const known = await deps.catalog.getEventType(type);
  if (known?.example !== undefined && known.example !== null) return known.example;
  const message = known === null ? 'is not a known event type' : 'has no example';
  throw invalid([{ path: '/eventType', message: `${message}: add one, or leave eventType out` }]);
}

function event(deps: ApiDeps, tenantId: string, type: string, data: string): Event & { data: string } {
  const now = deps.now();
  return {
    tenantId,
    id: newId('evt', now, deps.random),
    type,
    environment: 'production',
    occurredAt: now,
    acceptedAt: now,
    recordedAt: now,
    contentHash: '',
    data,
  };
}
