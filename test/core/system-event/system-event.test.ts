import { describe, expect, it } from 'vitest';
import { countSystemEvent } from '../../../functions/core/system-event/counted.ts';
import { emitSystemEvent } from '../../../functions/core/system-event/emit.ts';
import {
  SYSTEM_EVENT_TYPES,
  type SystemEvent,
  systemEventId,
} from '../../../functions/core/system-event/system-event.ts';
import { MINUTE, NOW } from '../../support/domain.ts';
import { MemoryCounts } from '../../support/memory-counts.ts';
import { ingestSetup, MemoryIngestStore } from '../../support/memory-ingest.ts';

const rejected = (tenantId: string): SystemEvent => ({
  type: 'posthorn.event.rejected',
  data: { tenantId, rejectedEventId: 'rej_1', reason: { code: 'invalid_event', message: 'm' }, count: 1 },
});

describe('system events', () => {
  it('are a closed list', () => {
    expect(SYSTEM_EVENT_TYPES).toEqual([
      'posthorn.subscription.failing',
      'posthorn.subscription.recovered',
      'posthorn.subscription.disabled',
      'posthorn.delivery.exhausted',
      'posthorn.event.rejected',
      'posthorn.job.ended',
    ]);
  });

  it('have an id that follows from what happened alone', () => {
    expect(systemEventId('a')).toBe(systemEventId('a'));
    expect(systemEventId('a')).not.toBe(systemEventId('b'));
    expect(systemEventId('a')).toMatch(/^sys_[\w-]{22}$/);
  });
});

describe('emitting', () => {
  it('puts the event on record before its message, and the record of the first time stands', async () => {
    const events = new MemoryIngestStore();
    const published: string[] = [];
    let isOnRecord = false;
    const publish = async (messages: readonly { body: string }[]) => {
      isOnRecord = events.events.has('posthorn sys_1');
      published.push(...messages.map(({ body }) => body));
    };
    const event = rejected('acme');
    await emitSystemEvent({ events, publish }, { id: 'sys_1', at: NOW, event });
    expect(isOnRecord).toBe(true);
    await emitSystemEvent({ events, publish }, { id: 'sys_1', at: NOW + 1, event: rejected('other') });
    expect(published).toEqual(Array(2).fill('{"tenantId":"posthorn","id":"sys_1"}'));
    expect(events.events.get('posthorn sys_1')).toMatchObject({
      event: { type: event.type, environment: 'production', occurredAt: NOW, data: JSON.stringify(event.data) },
    });
  });

  it('does nothing about the tenant of system events itself', async () => {
    const events = new MemoryIngestStore();
    const publish = () => Promise.reject(new Error('published'));
    await emitSystemEvent({ events, publish }, { id: 'sys_1', at: NOW, event: rejected('posthorn') });
    expect(events.events.size).toBe(0);
  });
});

describe('counting', () => {
  const owed = (id: string, at: number) => {
    const data = { tenantId: 'acme', rejectedEventId: id, reason: { code: 'invalid_event', message: 'm' }, count: 1 };
    return { id, at, event: { type: 'posthorn.event.rejected' as const, data } };
  };

  it('what comes days too late looks at an hour of minutes at most, and finds the one that it began if it is done again', async () => {
    const counts = new MemoryCounts();
    const add = counts.addToWindow.bind(counts);
    let now = NOW;
    let looks = 0;
    counts.addToWindow = (...args) => {
      looks += 1;
      return add(...args);
    };
    const sent: unknown[] = [];
    let isAway = false;
    const later = {
      send: async (messages: readonly unknown[]) => {
        if (isAway) throw new Error('away');
        sent.push(...messages);
      },
    };
    const count = (id: string, at: number) => countSystemEvent({ counts, later, now: () => now }, owed(id, at));
    const MINUTES = 2 * 24 * 60;
    for (let minute = 0; minute < MINUTES; minute += 1) {
      now = NOW + minute * MINUTE;
      await count(`rej_${minute}`, now);
      await counts.closeWindow({ subject: 'posthorn.event.rejected acme', startsAt: now - (now % MINUTE) });
    }
    now += MINUTE;
    sent.length = 0;
    looks = 0;
    isAway = true;
    await expect(count('rej_late', NOW + 1)).rejects.toThrow('away');
    expect(looks).toBeLessThan(63);
    // Its message comes back after some minutes.
    isAway = false;
    now += 5 * MINUTE;
    await count('rej_late', NOW + 1);
    expect(sent).toHaveLength(1);
    expect([...counts.windows.values()].filter(({ begunBy }) => begunBy === 'rej_late')).toHaveLength(1);
  });
});

describe('a message of the events queue for the reserved tenant', () => {
  const subscribed = () => {
    const setup = ingestSetup();
    for (const one of setup.store.subscriptions) one.tenantId = 'posthorn';
    return setup;
  };

  it('is fanned out without delay if Posthorn put its event on record, once however often it comes', async () => {
    const setup = subscribed();
    const publish = async () => {};
    await emitSystemEvent({ events: setup.store, publish }, { id: 'sys_1', at: NOW, event: rejected('acme') });
    const body = '{"tenantId":"posthorn","id":"sys_1"}';
    setup.eventTypes = 'strict';
    // The record was written a moment ago: an eventually consistent read may not show it yet.
    setup.store.stale = new Map();
    await setup.ingest({ body }, { body });
    expect(setup.queued).toMatchObject([{ delaySeconds: 0, message: { tenantId: 'posthorn', eventId: 'sys_1' } }]);
    expect(setup.store.events.get('posthorn sys_1')?.fanOutCursor).toBeNull();
    await setup.ingest({ body });
    // What deliver has on record by then it drops.
    expect(setup.queued.slice(1)).toMatchObject([{ delaySeconds: 60, message: { eventId: 'sys_1', repeated: true } }]);
    expect(setup.store.rejected).toEqual([]);
  });

  it('is put on a bus as well, and comes back until it is there, while its webhooks go out', async () => {
    const setup = subscribed();
    await emitSystemEvent(
      { events: setup.store, publish: async () => {} },
      { id: 'sys_1', at: NOW, event: rejected('acme') },
    );
    const messages = [
      { body: '{"tenantId":"posthorn","id":"sys_1"}' },
      { body: JSON.stringify({ tenantId: 'acme', type: 'employee.created', data: 1 }) },
    ];
    setup.putOnBus = async () => {
      throw new Error('the bus is away');
    };
    expect(await setup.ingest(...messages)).toEqual({ retry: new Set(['m1']) });
    expect(setup.queued).toMatchObject([{ message: { eventId: 'sys_1' } }]);
    const put: string[] = [];
    setup.putOnBus = async (events) => void put.push(...events.map(({ id }) => id));
    expect(await setup.ingest(...messages)).toEqual({ retry: new Set() });
    expect(put).toEqual(['sys_1']);
  });

  it('goes out by webhook before a slow bus has answered', async () => {
    const setup = subscribed();
    const publish = async () => {};
    await emitSystemEvent({ events: setup.store, publish }, { id: 'sys_1', at: NOW, event: rejected('acme') });
    const sent = Promise.withResolvers<void>();
    setup.send = async (messages) => {
      setup.queued.push(...messages);
      sent.resolve();
    };
    // The bus answers only then.
    setup.putOnBus = () => sent.promise;
    await setup.ingest({ body: '{"tenantId":"posthorn","id":"sys_1"}' });
    expect(setup.queued).toMatchObject([{ message: { eventId: 'sys_1' } }]);
  });

  it.each([
    ['an event', { type: 'employee.created', data: 1 }],
    ['a system event', { type: 'posthorn.job.ended', data: 1 }],
    ['a system event that is on record, with data', { id: 'sys_1', type: 'posthorn.job.ended', data: 1 }],
    ['an id that is not on record', { id: 'sys_2' }],
  ])('is rejected if it comes from elsewhere: %s', async (_, rest) => {
    const setup = subscribed();
    const publish = async () => {};
    await emitSystemEvent({ events: setup.store, publish }, { id: 'sys_1', at: NOW, event: rejected('acme') });
    const result = await setup.ingest({ body: JSON.stringify({ tenantId: 'posthorn', ...rest }) });
    expect(result).toEqual({ retry: new Set() });
    expect(setup.queued).toEqual([]);
    expect(setup.store.rejected).toMatchObject([{ tenantId: 'posthorn', reason: { code: 'reserved_tenant' } }]);
  });

  it('does not hold up the others of its batch', async () => {
    const setup = ingestSetup();
    const own = JSON.stringify({ tenantId: 'acme', type: 'employee.created', data: 1 });
    await setup.ingest({ body: '{"tenantId":"posthorn","id":"sys_2"}' }, { body: own });
    expect(setup.queued).toHaveLength(1);
    expect(setup.store.rejected).toHaveLength(1);
  });
});
