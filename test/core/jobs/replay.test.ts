import { beforeEach, describe, expect, it } from 'vitest';
import {
  cancelDelivery,
  type Delivery,
  failDelivery,
  parkDelivery,
} from '../../../functions/core/delivery/delivery.ts';
import type { Outgoing } from '../../../functions/core/delivery/queue-message.ts';
import type { Event } from '../../../functions/core/event/event.ts';
import { type Job, MAX_FAILURES } from '../../../functions/core/jobs/job.ts';
import type { TaskOf } from '../../../functions/core/jobs/job-task.ts';
import { type ReplayPorts, replayPage } from '../../../functions/core/jobs/replay.ts';
import type { Subscription } from '../../../functions/core/subscription/subscription.ts';
import { WAITS } from '../../support/deliver-setup.ts';
import {
  HOUR,
  MINUTE,
  makeAttempt,
  makeDelivery,
  makeEvent,
  makeJob,
  makeReplay,
  makeSubscription,
  NOW,
} from '../../support/domain.ts';
import { MemoryJournal } from '../../support/memory-journal.ts';

type Filter = TaskOf<'replay'>['filter'];

let journal: MemoryJournal;
let queued: Outgoing[];
let send: (messages: readonly Outgoing[]) => Promise<void>;
beforeEach(() => {
  journal = new MemoryJournal().add(makeSubscription());
  queued = [];
  send = async (messages) => void queued.push(...messages);
});

const jobFor = (filter: Partial<Filter> = {}, rest: Partial<Job> = {}) => {
  const task = makeReplay();
  return { ...makeJob(rest), task: { ...task, filter: { ...task.filter, ...filter } } };
};
type ReplayJob = ReturnType<typeof jobFor>;

const ports = (): ReplayPorts => ({
  deliveries: journal,
  events: journal,
  subscriptions: journal,
  retries: { send: (messages) => send(messages) },
  waits: WAITS,
  now: () => NOW,
});

/** Does page after page; each as often as it takes to come through. */
async function run(job: ReplayJob): Promise<Job['progress'] & { pages: number }> {
  const progress = { done: 0, failed: 0, total: null, pages: 0 };
  let cursor: string | null = job.cursor;
  for (let failures = 0; failures < MAX_FAILURES; ) {
    try {
      const page = await replayPage(ports(), { ...job, cursor }, job.task);
      if ('code' in page) throw new Error(page.code);
      progress.done += page.done;
      progress.failed += page.failed;
      progress.pages += 1;
      cursor = page.cursor;
      if (cursor === null) return progress;
    } catch (error) {
      failures += 1;
      if (failures === MAX_FAILURES) throw error;
    }
  }
  return progress;
}

const at = (minutes: number) => NOW - HOUR + minutes * MINUTE;
const delivery = (eventId: string, minutes: number, rest: Partial<Delivery> = {}) =>
  makeDelivery({ eventId, eventAt: at(minutes), revision: 1, ...rest });
const failed = (eventId: string, minutes: number, rest: Partial<Delivery> = {}) =>
  failDelivery(delivery(eventId, minutes, rest), NOW, 'attempts_exhausted', '');
const stored = (one: Delivery): Delivery => {
  const found = journal.delivery(one);
  if (found === undefined) throw new Error('not on record');
  return found;
};
const sentFor = () => queued.map(({ message }) => (message.kind === 'deliver' ? message.eventId : message.kind));

describe('the replay of a range', () => {
  it('asks once for an attempt of each that failed, the oldest event first', async () => {
    const some = [failed('b', 2), failed('a', 1), failed('c', 3)];
    for (const one of some) journal.store(one);
    const job = jobFor();
    expect(await run(job)).toMatchObject({ done: 3, failed: 0 });
    expect(sentFor()).toEqual(['a', 'b', 'c']);
    for (const one of some) {
      expect(stored(one)).toMatchObject({
        status: 'pending',
        requested: 'replay',
        replayedBy: job.id,
        nextAttemptAt: NOW,
        dueAt: NOW + WAITS.lostAfterMs,
        ticket: 1,
        revision: 2,
      });
    }
  });

  it.each<[string, Partial<Filter>, string[]]>([
    ['those that failed', { status: 'failed' }, ['failed', 'other type']],
    ['those that are parked', { status: 'parked' }, ['parked']],
    ['all that came to rest', { status: 'all' }, ['failed', 'parked', 'succeeded', 'cancelled', 'other type']],
    ['those from a time on', { status: 'all', from: at(4) }, ['cancelled', 'other type']],
    ['those up to a time', { status: 'all', to: at(2) }, ['failed', 'parked']],
    ['those of a type', { eventTypes: ['payroll.*'] }, ['other type']],
    ['those of some types', { eventTypes: ['payroll.*', 'employee.created'] }, ['failed', 'other type']],
  ])('takes %s', async (_, filter, expected) => {
    for (const one of [
      failed('failed', 1),
      parkDelivery(delivery('parked', 2), NOW, ''),
      delivery('succeeded', 3, { status: 'succeeded', completedAt: NOW }),
      cancelDelivery(delivery('cancelled', 4), NOW, 'c', ''),
      failed('other type', 5, { eventType: 'payroll.run' }),
      delivery('pending', 6, { nextAttemptAt: NOW, dueAt: NOW }),
    ])
      journal.store(one);
    expect(await run(jobFor({ ...filter, dryRun: true }))).toMatchObject({ done: expected.length });
    expect(queued).toEqual([]);
    expect(await run(jobFor(filter))).toMatchObject({ done: expected.length });
    expect(sentFor()).toEqual(expected);
  });

  it.each(['failed', 'all'] as const)('takes those whose last attempt was answered so (%s)', async (status) => {
    const answered = (code: number) => ({
      attempts: [makeAttempt({ response: { status: code, headers: {}, body: '', truncated: false } })],
    });
    journal.store(failed('refused', 1, answered(422)));
    journal.store(failed('broken', 2, answered(500)));
    journal.store(failed('silent', 3, { attempts: [makeAttempt({ response: null })] }));
    journal.store(failed('unasked', 4));
    for (const [responseStatus, expected] of [
      ['4xx', ['refused']],
      ['500', ['broken']],
      ['none', ['silent']],
    ] as const) {
      queued = [];
      expect(await run(jobFor({ status, responseStatus, dryRun: true }))).toMatchObject({ done: 1 });
      expect(await run(jobFor({ status, responseStatus }))).toMatchObject({ done: 1 });
      expect(sentFor()).toEqual(expected);
    }
  });

  it.each(['failed', 'all'] as const)('leaves out tests, which are no events of the tenant’s (%s)', async (status) => {
    journal.store(failed('test', 1, { attempts: [makeAttempt({ trigger: 'test' })] }));
    journal.store(failed('a', 2, { attempts: [makeAttempt()] }));
    expect(await run(jobFor({ status, dryRun: true }))).toMatchObject({ done: 1 });
    expect(await run(jobFor({ status }))).toMatchObject({ done: 1 });
    expect(sentFor()).toEqual(['a']);
  });

  it.each(['failed', 'missing'] as const)(
    'asks for nothing of a subscription that has expired (%s)',
    async (status) => {
      journal.add(makeSubscription({ expiresAt: NOW }), makeEvent({ id: 'a', acceptedAt: at(1) }));
      const one = journal.store(failed('b', 2));
      const job = jobFor({ status });
      expect(await replayPage(ports(), job, job.task)).toMatchObject({ code: 'subscription_expired' });
      expect(queued).toEqual([]);
      expect(stored(one)).toMatchObject({ status: 'failed', requested: null });
    },
  );

  it('never undoes a success', async () => {
    const one = journal.store(delivery('a', 1, { status: 'succeeded', completedAt: NOW }));
    await run(jobFor({ status: 'all' }));
    expect(stored(one)).toMatchObject({ status: 'succeeded', completedAt: NOW, requested: 'replay' });
  });

  it('that is repeated after a crash asks for nothing twice, whatever became of what it asked for', async () => {
    const [first, second] = [failed('a', 1), failed('b', 2)];
    journal.store(first);
    journal.store(second);
    let sends = 0;
    send = async () => {
      sends += 1;
      if (sends === 1) throw new Error('the queue is away');
    };
    const job = jobFor();
    const finish = journal.before;
    // The due index brought the first attempt meanwhile, which failed: it is in the list again.
    journal.before = (operation) => {
      const one = journal.delivery(first);
      if (operation === 'listDeliveriesByStatus' && one?.replayedBy === job.id)
        journal.store(failDelivery(one, NOW, 'attempts_exhausted', ''));
    };
    await run(job);
    journal.before = finish;
    expect(sends).toBe(2);
    expect([stored(first).ticket, stored(second).ticket]).toEqual([1, 1]);
    expect(stored(first)).toMatchObject({ status: 'failed', requested: null });
  });

  it('that two workers do at the same moment asks once, though the attempt of the first has succeeded already', async () => {
    const one = journal.store(delivery('a', 1, { status: 'succeeded', completedAt: NOW }));
    const job = jobFor({ status: 'all' });
    let saves = 0;
    journal.before = (operation) => {
      if (operation !== 'saveDelivery' || saves++ > 0) return;
      const asked = { ...one, replayedBy: job.id, ticket: 1, revision: one.revision + 2 };
      journal.store(asked);
    };
    await run(job);
    expect(stored(one)).toMatchObject({ requested: null, ticket: 1 });
    expect(queued).toEqual([]);
  });

  it('leaves what went on since it was listed', async () => {
    const one = journal.store(failed('a', 1));
    let saves = 0;
    journal.before = (operation) => {
      if (operation === 'saveDelivery' && saves++ === 0)
        journal.store({ ...one, status: 'succeeded', revision: 9, completedAt: NOW });
    };
    expect(await run(jobFor())).toMatchObject({ done: 0, failed: 0 });
    expect(stored(one)).toMatchObject({ status: 'succeeded', requested: null, revision: 9 });
    expect(queued).toEqual([]);
  });

  it('carries through what can be done, though one write fails, and goes on with the rest', async () => {
    for (const [index, name] of ['a', 'b', 'c'].entries()) journal.store(failed(name, index));
    let saves = 0;
    journal.before = (operation) => {
      if (operation === 'saveDelivery' && saves++ === 1) throw new Error('throttled');
    };
    const job = jobFor();
    await run(job);
    expect(sentFor().toSorted()).toEqual(['a', 'b', 'c']);
  });

  it('spreads its attempts over the time that its rate gives', async () => {
    for (let index = 0; index < 30; index += 1) journal.store(failed(`e${String(index).padStart(2, '0')}`, index));
    expect(await run(jobFor({}, { maxPerSecond: 2 }))).toMatchObject({ done: 30, pages: 2 });
    expect(queued.slice(0, 4).map(({ delaySeconds }) => delaySeconds)).toEqual([0, 1, 1, 2]);
    expect(queued.slice(0, 20).at(-1)?.delaySeconds).toBe(10);
    expect(stored(failed('e03', 3)).nextAttemptAt).toBe(NOW + 1_500);
  });

  it('cannot go on without its subscription', async () => {
    journal.subscriptions.clear();
    await expect(run(jobFor())).rejects.toThrow('subscription_deleted');
  });

  it('holds no more than a page of 10,000 at a time', async () => {
    const COUNT = 10_000;
    for (let index = 0; index < COUNT; index += 1)
      journal.store(failed(`e${index}`, 0, { eventAt: at(0) + index * 100 }));
    let largest = 0;
    send = async (messages) => {
      largest = Math.max(largest, messages.length);
    };
    expect(await run(jobFor())).toMatchObject({ done: COUNT, failed: 0, pages: COUNT / 100 });
    expect(largest).toBe(100);
    const asked = [...journal.deliveries.values()];
    expect(asked.filter(({ ticket, requested }) => ticket === 1 && requested === 'replay')).toHaveLength(COUNT);
  });
});

describe('the replay of what is missing', () => {
  const event = (id: string, minutes: number, rest: Partial<Event> = {}) =>
    makeEvent({ id, acceptedAt: at(minutes), recordedAt: at(minutes), ...rest });
  const LATE: Partial<Subscription> = { createdAt: NOW - MINUTE };

  it.each<[string, Partial<Subscription>, string[]]>([
    ['subscribed later', LATE, ['a', 'b', 'old type']],
    ['has another filter now', { filter: { data: { id: [1] } } }, ['b']],
    ['has other types now', { eventTypes: ['payroll.*'] }, ['old type']],
    ['is of another environment', { ...LATE, environment: 'development' }, []],
  ])('finds what a subscription never got that %s', async (_, rest, expected) => {
    journal.add(
      makeSubscription(rest),
      event('a', 1),
      event('b', 2, { data: '{"id":1}' }),
      event('old type', 3, { type: 'payroll.run' }),
      event('had', 4),
      event('tested', 5, { contentHash: '' }),
      event('expunged', 6, { data: null }),
    );
    journal.store(delivery('had', 4, { status: 'failed' }));
    const missing = jobFor({ status: 'missing' });
    expect(await run(jobFor({ status: 'missing', dryRun: true }))).toMatchObject({ done: expected.length });
    expect(queued).toEqual([]);
    expect(await run(missing)).toMatchObject({ done: expected.length, failed: 0 });
    expect(sentFor()).toEqual(expected);
    for (const { message } of queued) expect(message).toMatchObject({ trigger: 'replay', ticket: 0, repeated: true });
  });

  it.each<[string, number, Partial<Subscription>, number]>([
    ['14 minutes old, of an older subscription', 46, { createdAt: 0 }, 0],
    ['16 minutes old, of an older subscription', 44, { createdAt: 0 }, 1],
    ['30 seconds old, of a younger subscription', 59.5, { createdAt: NOW }, 0],
    ['2 minutes old, of a younger subscription', 58, { createdAt: NOW }, 1],
  ])('takes no event that may be on its way still (%s)', async (_, minutes, rest, count) => {
    journal.add(makeSubscription(rest), event('a', minutes));
    expect(await run(jobFor({ status: 'missing' }))).toMatchObject({ done: count });
  });
});
