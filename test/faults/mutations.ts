/** A safeguard taken out of the code: a text that stands in a file once, and what stands there instead. */
export interface Mutation {
  /** What holds no more. */
  name: string;
  /** Below functions/. */
  file: string;
  from: string;
  to: string;
}

const DELIVERY = 'core/delivery';

/** Each must be caught by the checker. A change of the code that moves one of the texts has to move it here as well. */
export const MUTATIONS: readonly Mutation[] = [
  {
    name: 'an attempt is made though another message claimed it',
    file: `${DELIVERY}/deliver.ts`,
    from: 'if (!(await deps.store.saveDelivery(claimed, delivery.revision))) return ACK;',
    to: 'await deps.store.saveDelivery(claimed, delivery.revision);',
  },
  {
    name: 'a retry is not claimed',
    file: `${DELIVERY}/deliver.ts`,
    from: 'if (delivery.revision > 0) {',
    to: 'if (delivery.revision < 0) {',
  },
  {
    name: 'a claim that is held does not stop another message',
    file: `${DELIVERY}/admit.ts`,
    from: "if (delivery.claim !== null && delivery.claim.endsAt > now) return { kind: 'drop' };",
    to: '',
  },
  {
    name: 'a write of a delivery is not conditional',
    file: `${DELIVERY}/commit.ts`,
    from: 'if (await store.saveDelivery(next, current.revision)) {',
    to: 'if (await store.saveDelivery(next, (await store.getDelivery(next))?.revision ?? 0)) {',
  },
  {
    name: 'a write whose answer was lost counts as that of another',
    file: 'adapters/dynamodb/conditional-write.ts',
    from: 'return (await readBack({ pk: item.pk, sk: item.sk }))?.writeId === writeId;',
    to: 'return false;',
  },
  {
    name: 'an attempt is not added to what another writer wrote meanwhile',
    file: `${DELIVERY}/commit.ts`,
    from: 'if (made === null) return null;',
    to: 'return null;',
  },
  {
    name: 'a first success overwrites what its twin wrote',
    file: `${DELIVERY}/commit.ts`,
    from: "made?.result.outcome === 'success' && !mayHaveTwin(received)",
    to: "made?.result.outcome === 'success'",
  },
  {
    name: 'messages are acknowledged before the journal has their attempts',
    file: `${DELIVERY}/deliver.ts`,
    from: 'await work;\n  await commitReady();',
    to: 'await work;\n  void commitReady().catch(() => {});',
  },
  {
    name: 'effects are done before they are on record as owed',
    file: `${DELIVERY}/settle.ts`,
    from: 'effects: owed,',
    to: 'effects: [],',
  },
  {
    name: 'absence is not confirmed',
    file: `${DELIVERY}/read-batch.ts`,
    from: 'if (unsure.length === 0) return loaded;',
    to: 'if (unsure.length >= 0) return loaded;',
  },
  {
    name: 'a message that was handed out before is read as if it were new',
    file: `${DELIVERY}/read-batch.ts`,
    from: 'one.fromRetries || one.receivedBefore',
    to: 'false',
  },
  {
    name: 'owed effects are never done by sweep',
    file: `${DELIVERY}/settle.ts`,
    from: 'dueAt: Math.min(delivery.dueAt ?? Number.POSITIVE_INFINITY, now + EFFECTS_DUE_MS),',
    to: 'dueAt: delivery.dueAt,',
  },
  {
    name: 'a message does not do what its delivery owes',
    file: `${DELIVERY}/admit.ts`,
    from: "if (delivery.effects.length > 0) return { kind: 'owe', delivery };",
    to: "if (delivery.effects.length > 0) return { kind: 'drop' };",
  },
  {
    name: 'a failed fan-out counts as done',
    file: 'core/ingest/ingest.ts',
    from: 'return group;',
    to: 'return [];',
  },
  {
    name: 'an event that was not written counts as recorded',
    file: 'core/ingest/ingest.ts',
    from: 'for (const one of own) if (unwritten.has(one.event)) fail(one, error);',
    to: 'void unwritten;',
  },
  {
    name: 'a fan-out that ran out of time counts as done',
    file: 'core/ingest/ingest.ts',
    from: 'if (cursor === null) continue;',
    to: 'if (cursor === null || queued >= 0) continue;',
  },
  {
    name: 'a batch that was written in part counts as written',
    file: 'core/partial-failure.ts',
    from: 'things.filter((thing) => error.undone.includes(thing))',
    to: '[]',
  },
  {
    name: 'a parked delivery has no time at which it looks again',
    file: `${DELIVERY}/delivery.ts`,
    from: 'dueAt: nextLookAt(parkedAt, now) };',
    to: 'dueAt: null };',
  },
  {
    name: 'a retry that is queued has no time at which it counts as lost',
    file: `${DELIVERY}/wake.ts`,
    from: 'dueAt: isQueued ? Math.max(at, now) + waits.lostAfterMs : at,',
    to: 'dueAt: isQueued ? Number.MAX_SAFE_INTEGER : at,',
  },
  {
    name: 'an attempt does not wait for its time',
    file: `${DELIVERY}/admit.ts`,
    from: 'known.nextAttemptAt !== null && known.nextAttemptAt > now',
    to: 'false',
  },
  {
    name: 'a verdict binds the subscription as it is now',
    file: `${DELIVERY}/make-attempt.ts`,
    from: 'generation: subscription.generation',
    to: 'generation: -1',
  },
  {
    name: 'a page of a job is not put on record before the next one is sent',
    file: 'core/jobs/run-page.ts',
    from: 'if (!(await store.saveJob(next, job.revision))) return;',
    to: '',
  },
  {
    name: 'the end of a job is told once, and not owed',
    file: 'core/jobs/job.ts',
    from: 'endedAt: now, dueAt: now + LOST_AFTER_MS,',
    to: 'endedAt: now, dueAt: null,',
  },
  {
    name: 'a subscription that a receiver ended is told only by the try that ended it',
    file: `${DELIVERY}/commit.ts`,
    from: 'else if (!(await isDisabledBy(store, tenantId, subscriptionId, effect))) return;',
    to: 'else return;',
  },
  {
    name: 'two messages of the API for one event make two events of it',
    file: 'core/event/parse-message.ts',
    from: 'const acceptedAt = madeAt ?? sentAt;',
    to: 'const acceptedAt = sentAt;',
  },
  {
    name: 'a success that is sent once more counts as another end',
    file: 'core/stats/counters.ts',
    from: 'delivery.status === end && before.status !== end',
    to: 'delivery.status === end',
  },
  {
    name: 'an attempt whose record was refused is counted',
    file: `${DELIVERY}/commit.ts`,
    from: 'recorded.push(...written.filter(({ delivery }) => !unwritten.includes(delivery)));',
    to: 'recorded.push(...written);',
  },
  {
    name: 'a page of statistics that was interrupted is added once more',
    file: 'core/stats/fold-stats.ts',
    from: '{ after, through: page.through }',
    to: '{ after: page.through, through: page.through }',
  },
  {
    name: 'a page of statistics counts as added before it is',
    file: 'core/stats/fold-stats.ts',
    from: 'await addPage(store, page, { after, through: page.through });',
    to: 'await store.moveFolded(page.through);\n    await addPage(store, page, { after, through: page.through });',
  },
  {
    name: 'a success leaves the failures before it',
    file: 'core/subscription/health.ts',
    from: 'health: { ...health, failing: null, breaker: nextBreaker },',
    to: 'health: { ...health, failing, breaker: nextBreaker },',
  },
  {
    name: 'the health of a subscription is not written',
    file: `${DELIVERY}/commit.ts`,
    from: 'await writeAllHealth(ports, recorded, told);',
    to: '',
  },
  {
    name: 'the health from before a move or a resume still counts',
    file: 'core/subscription/health.ts',
    from: 'if (health !== null && health.generation === generation) return health;',
    to: 'if (health !== null) return health;',
  },
  {
    name: 'a breaker stays open after a success',
    file: 'core/subscription/health.ts',
    from: "if (kind !== 'unavailable') return isEvidence(breaker, verdict) ? close(breaker, endedAt) : breaker;",
    to: "if (kind !== 'unavailable') return breaker;",
  },
];
