import { createHash } from 'node:crypto';
import { beforeEach, describe, expect, it } from 'vitest';
import { parseMessage } from '../../../functions/core/event/parse-message.ts';
import type { RejectedEvent } from '../../../functions/core/event/rejected-event.ts';
import type { PublishedBody } from '../../../functions/core/event/republish.ts';
import { deriveId } from '../../../functions/core/ids.ts';
import type { TaskOf } from '../../../functions/core/jobs/job-task.ts';
import { republishPage } from '../../../functions/core/jobs/republish-range.ts';
import type { ListOptions, Matches } from '../../../functions/core/page.ts';
import { MINUTE, makeJob, NOW } from '../../support/domain.ts';
import { pageOf } from '../../support/page-of.ts';

let records: Map<string, RejectedEvent>;
let published: PublishedBody[];
beforeEach(() => {
  records = new Map();
  published = [];
});

function reject(messageId: string, minutes: number, rest: Partial<RejectedEvent> = {}): RejectedEvent {
  const rejectedAt = NOW - minutes * MINUTE;
  const record: RejectedEvent = {
    id: deriveId('rej', rejectedAt, createHash('sha256').update(messageId).digest()),
    tenantId: 'acme',
    rejectedAt,
    reason: { code: 'unknown_event_type', message: '', errors: [] },
    body: '{"tenantId":"acme","type":"a.b","data":1}',
    bodyTruncated: false,
    messageId,
    republishedAt: null,
    ...rest,
  };
  records.set(record.id, record);
  return record;
}

async function run(filter: Partial<TaskOf<'republish'>['filter']> = {}, job = makeJob()) {
  const rejectedEvents = {
    listRejectedEvents: async (options: ListOptions, matches: Matches<RejectedEvent>) =>
      pageOf([...records.values()], ({ rejectedAt, id }) => ({ at: rejectedAt, id }), options, matches),
    markRepublished: async ({ id }: Pick<RejectedEvent, 'id'>, at: number) => {
      const known = records.get(id);
      if (known === undefined) return false;
      records.set(id, { ...known, republishedAt: at });
      return true;
    },
  };
  const all = { from: 0, to: NOW, code: null, dryRun: false };
  const task = { kind: 'republish' as const, tenantId: null, subscriptionId: null, filter: { ...all, ...filter } };
  const total = { done: 0, failed: 0 };
  let cursor: string | null = null;
  do {
    const publish = async (messages: readonly PublishedBody[]) => void published.push(...messages);
    const page = await republishPage({ rejectedEvents, publish, now: () => NOW }, { ...job, task, cursor }, task);
    total.done += page.done;
    total.failed += page.failed;
    cursor = page.cursor;
  } while (cursor !== null);
  return total;
}

describe('the republication of a range', () => {
  it('publishes each as the message that it was, the oldest first, and marks it', async () => {
    for (let index = 0; index < 60; index += 1) reject(`m${index}`, index);
    expect(await run({ dryRun: true })).toEqual({ done: 60, failed: 0 });
    expect(published).toEqual([]);
    expect(await run()).toEqual({ done: 60, failed: 0 });
    expect(published.map(({ origin }) => origin?.messageId)).toEqual(
      Array.from({ length: 60 }, (_, index) => `m${59 - index}`),
    );
    expect([...records.values()].every(({ republishedAt }) => republishedAt === NOW)).toBe(true);
    // A later job has nothing to do; a page that the same job repeats publishes its own again.
    expect(await run({}, makeJob({ createdAt: NOW + 1 }))).toEqual({ done: 0, failed: 0 });
  });

  it('makes the event that the message would have made, however often it is done', async () => {
    const { rejectedAt, body } = reject('m1', 5);
    const job = makeJob();
    await run({}, job);
    await run({}, job);
    const parse = (message: PublishedBody, messageId: string) =>
      parseMessage({ messageId, body: message.body, sentAt: NOW, origin: message.origin ?? null, madeId: null }, NOW);
    const [first, second] = published.map((message, index) => parse(message, `again ${index}`));
    const original = parseMessage({ messageId: 'm1', body, sentAt: rejectedAt, origin: null, madeId: null }, NOW);
    if (first?.kind !== 'event' || second?.kind !== 'event' || original.kind !== 'event') throw new Error('no event');
    expect([first.event, second.event]).toEqual([original.event, original.event]);
    // So that the second is recognised.
    expect(second.idGiven).toBe(true);
  });

  it('takes one reason and one time, and counts what is not whole as failed', async () => {
    reject('m1', 5);
    reject('m2', 6, { reason: { code: 'invalid_data', message: '', errors: [] } });
    reject('m3', 7, { bodyTruncated: true });
    expect(await run({ code: 'invalid_data' })).toEqual({ done: 1, failed: 0 });
    expect(await run({ from: NOW - 7 * MINUTE, to: NOW - 7 * MINUTE })).toEqual({ done: 0, failed: 1 });
    expect(published.map(({ origin }) => origin?.messageId)).toEqual(['m2']);
  });
});
