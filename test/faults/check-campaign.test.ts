import { describe, expect, test } from 'vitest';
import type { Attempt } from '../../functions/core/delivery/attempt.ts';
import { type Delivery, newDelivery } from '../../functions/core/delivery/delivery.ts';
import { deliveryId } from '../../functions/core/ids.ts';
import { type Counters, mergeCounters } from '../../functions/core/stats/counters.ts';
import { type Health, healthOf, type LastFailure } from '../../functions/core/subscription/health.ts';
import {
  type CampaignRecord,
  MARK_HEADER,
  NUMBER_HEADER,
  type ReceivedRequest,
  type SubscriptionHistory,
  twinsOfFanOuts,
} from './campaign-record.ts';
import { checkCampaign } from './check-campaign.ts';
import { FAULT_KINDS } from './findings.ts';
import { describeTimelines } from './timeline.ts';

const AT = Date.parse('2026-01-01T00:00:00Z');
const TENANT = 'acme';
const HOOK = 'sub_00000000000000000000000001';

function subscription(changes: Partial<SubscriptionHistory> = {}): SubscriptionHistory {
  return {
    id: HOOK,
    tenantId: TENANT,
    typePrefix: '',
    gapsMs: [1_000, 2_000],
    createdAt: AT - 1_000,
    pauses: [],
    resumes: [],
    moves: [],
    discards: [],
    path: '/hook',
    deletion: null,
    status: 'active',
    ...changes,
  };
}

const EVENT = { tenantId: TENANT, id: 'one', mark: 'm1', type: 'a.b', about: null, count: 1 };
/** What the company is told. */
const told = (type: string, about = HOOK) => ({
  tenantId: 'posthorn',
  id: type,
  mark: '',
  type: `posthorn.${type}`,
  about,
  count: 1,
});
const ref = (event: string) => ({ subscriptionId: HOOK, eventId: event, eventAt: AT });

function attempt(number: number, status: number | null, changes: Partial<Attempt> = {}): Attempt {
  return {
    id: `attempt-${number}`,
    number,
    trigger: 'automatic',
    startedAt: AT + number * 10_000,
    durationMs: 10,
    outcome: status === null ? 'timeout' : status === 200 ? 'success' : 'http_error',
    request: { url: 'http://127.0.0.1/hook', headers: { [NUMBER_HEADER]: String(number) } },
    response:
      status === null ? null : { status, headers: { [MARK_HEADER]: `mark-${number}` }, body: '', truncated: false },
    error: null,
    ...changes,
  };
}

function request(number: number, status: number | null, changes: Partial<ReceivedRequest> = {}): ReceivedRequest {
  return {
    mark: `mark-${number}`,
    at: AT + number * 10_000,
    path: '/hook',
    deliveryId: deliveryId(ref('one')),
    number,
    eventMark: 'm1',
    status,
    ...changes,
  };
}

function delivery(changes: Partial<Delivery> = {}): Delivery {
  const origin = { ...ref('one'), tenantId: TENANT, eventType: 'a.b', profile: 'quick', profileVersion: 1 };
  return {
    ...newDelivery(origin),
    status: 'succeeded',
    attempts: [attempt(1, 500), attempt(2, 200)],
    completedAt: AT + 20_010,
    ...changes,
  };
}

/** What the statistics say of one failure and one success, each of 10 ms. */
const counted = (changes: Counters = {}) => ({
  tenantId: TENANT,
  subscriptionId: HOOK,
  counters: { http_error: 1, success: 1, '5xx': 1, '2xx': 1, ms_14: 2, succeeded: 1, ...changes },
});
/** Statistics that say what these deliveries say. */
const countedOf = (deliveries: readonly Delivery[]) =>
  deliveries.map(({ tenantId, subscriptionId, status, attempts }) => {
    const ended = attempts.filter(({ outcome }) => outcome !== 'interrupted');
    const names = ended.flatMap(({ outcome, response }) => [
      outcome,
      'ms_14',
      ...(response === null ? [] : [`${Math.floor(response.status / 100)}xx`]),
    ]);
    const all = status === 'succeeded' ? [...names, status] : names;
    return { tenantId, subscriptionId, counters: mergeCounters(all.map((name) => ({ [name]: 1 }))) };
  });
const HEALTHY = healthOf({ generation: 0, health: null });
const failing = (changes: Partial<LastFailure> = {}, failures = 1): Health => {
  const lastFailure = { outcome: 'http_error' as const, status: 500, message: '', at: AT + 10_010, ...changes };
  return { ...HEALTHY, failing: { since: lastFailure.at, failures, lastFailure, warnings: 0, warnedAt: null } };
};
const open: Health = {
  ...HEALTHY,
  breaker: { state: 'open', openedAt: AT, pauseMs: 1_000, nextProbeAt: AT + 1_000, probe: null },
};
const withHealth = (health: Health, restedAt = AT + 60_000) => ({ health: new Map([[HOOK, health]]), restedAt });

/** One event that failed once and then arrived. */
function campaign(changes: Partial<CampaignRecord> = {}): CampaignRecord {
  return {
    publications: [{ mark: 'm1', tenantId: TENANT, type: 'a.b', startedAt: AT, endedAt: AT + 5 }],
    events: [EVENT],
    jobs: [],
    emptied: false,
    subscriptions: [subscription()],
    requests: [request(1, 500), request(2, 200)],
    commands: [],
    deliveries: [delivery()],
    leftMessages: [],
    kills: [],
    doubled: new Set(),
    refusedWrites: new Map(),
    counters: countedOf(changes.deliveries ?? [delivery()]),
    lostCounts: [],
    uncountedEnds: [],
    health: new Map([[HOOK, HEALTHY]]),
    unwrittenHealth: new Map(),
    restedAt: AT + 20_000,
    jumps: [],
    ...changes,
  };
}

const kindsOf = (record: CampaignRecord) => [...new Set(checkCampaign(record).findings.map(({ kind }) => kind))];
const span = (from: number, to: number | null = from + 10) => ({
  startedAt: AT + from,
  endedAt: to === null ? null : AT + to,
});
const failed = { code: 'attempts_exhausted', message: '' };
const disabled = {
  events: [EVENT, told('subscription.disabled')],
  subscriptions: [subscription({ status: 'disabled' as const })],
};
const job = (changes: Partial<CampaignRecord['jobs'][number]> = {}) => ({
  id: 'job_1',
  status: 'done' as const,
  dueAt: null,
  ...changes,
});
const three = [attempt(1, 500), attempt(2, 500), attempt(3, 500)];
const exhausted = {
  deliveries: [delivery({ status: 'failed', statusReason: failed, attempts: three })],
  requests: [request(1, 500), request(2, 500), request(3, 500)],
  ...withHealth(failing({ at: AT + 30_010 }, 3)),
};
/** What the checker holds against what the company was told. */
/** A 2xx overwrote the 410 of the same first message. */
const overwritten = {
  subscriptions: [subscription({ status: null })],
  deliveries: [delivery({ attempts: [attempt(1, 200)] })],
  requests: [request(1, 200), request(1, 410, { mark: 'other' })],
  doubled: new Set([deliveryId(ref('one'))]),
};
const untold: Record<string, [Partial<CampaignRecord>, string]> = {
  'a subscription that 410 ended, of which nobody was told': [{ ...overwritten, doubled: new Set() }, 'effects_undone'],
  'a schedule that is used up, of which nobody was told': [exhausted, 'effects_undone'],
  'a job whose end was not told': [{ jobs: [job()] }, 'effects_undone'],
  'a job whose end was told twice': [
    { events: [EVENT, told('job.ended', 'job_1'), told('job.ended', 'job_1')], jobs: [job()] },
    'effects_undone',
  ],
  'a job that still runs': [{ jobs: [job({ status: 'running', dueAt: AT })] }, 'stuck'],
  'a job that owes its end': [{ jobs: [job({ dueAt: AT })] }, 'stuck'],
};
test.each(Object.entries(untold))('%s is found', (_name, [changes, kind]) => {
  expect(kindsOf(campaign(changes))).toContain(kind);
});

test('a campaign in which all went well has no findings', () => {
  expect(checkCampaign(campaign())).toEqual({ findings: [], repeats: 0 });
});

const lost: Record<string, Partial<CampaignRecord>> = {
  'an accepted event that is not on record': { events: [], deliveries: [], requests: [] },
  'no delivery to a subscription that was there': { deliveries: [], requests: [] },
  'a success that nobody received': { requests: [request(1, 500), request(2, 500)] },
  'a failure before the schedule is over': {
    deliveries: [delivery({ status: 'failed', statusReason: failed, attempts: three.slice(0, 2) })],
    requests: [request(1, 500), request(2, 500)],
  },
  'a failure because the receiver is gone, which it did not say': {
    deliveries: [delivery({ status: 'failed', statusReason: { code: 'receiver_gone', message: '' }, attempts: three })],
    requests: [request(1, 500), request(2, 500), request(3, 500)],
  },
  'an end of another kind': {
    deliveries: [delivery({ status: 'failed', statusReason: { code: 'interrupted_too_often', message: '' } })],
  },
  'a cancellation that was not asked for': {
    deliveries: [delivery({ status: 'cancelled', statusReason: { code: 'cancelled', message: '' } })],
  },
  'discarded without a discard': {
    deliveries: [delivery({ status: 'cancelled', statusReason: { code: 'discarded', message: '' } })],
  },
  'cancelled for a subscription that was not deleted': {
    deliveries: [delivery({ status: 'cancelled', statusReason: { code: 'subscription_deleted', message: '' } })],
  },
  'the data of the event gone': {
    deliveries: [delivery({ status: 'cancelled', statusReason: { code: 'event_gone', message: '' } })],
  },
  'an accepted retry that was never made': {
    commands: [{ kind: 'retry', deliveryId: deliveryId(ref('one')), ...span(60_000) }],
  },
  'an accepted retry of a delivery that failed, though its message was doubled': {
    ...exhausted,
    events: [EVENT, told('delivery.exhausted')],
    commands: [{ kind: 'retry', deliveryId: deliveryId(ref('one')), ...span(60_000) }],
    doubled: new Set(['m1']),
  },
};

const stuck: Record<string, Partial<CampaignRecord>> = {
  'pending though all is quiet': { deliveries: [delivery({ status: 'pending', dueAt: AT + 1 })] },
  'parked beside an active subscription': { deliveries: [delivery({ status: 'parked', dueAt: AT + 1 })] },
  'parked without a time to look again': {
    deliveries: [delivery({ status: 'parked', dueAt: null })],
    subscriptions: [subscription({ status: 'paused' })],
  },
  'an effect that is still owed': {
    deliveries: [
      delivery({
        effects: [
          { kind: 'deactivate_subscription', deactivation: 'disable', generation: 0, reason: failed, url: '', at: AT },
        ],
      }),
    ],
  },
  'a request by hand that waits': { deliveries: [delivery({ requested: 'manual' })] },
  'a claim that is left': { deliveries: [delivery({ claim: { attemptId: 'attempt-2', endsAt: AT } })] },
  'a message in a queue': { leftMessages: [{ queue: 'DeadLetters', count: 1 }] },
};

const early: Record<string, Partial<CampaignRecord>> = {
  'a gap shorter than the profile’s': {
    deliveries: [delivery({ attempts: [attempt(1, 500), attempt(2, 200, { startedAt: AT + 10_900 })] })],
  },
  'the second gap': {
    deliveries: [
      delivery({ attempts: [attempt(1, 500), attempt(2, 500), attempt(3, 200, { startedAt: AT + 21_500 })] }),
    ],
    requests: [request(1, 500), request(2, 500), request(3, 200)],
  },
  'before Retry-After': {
    deliveries: [
      delivery({
        attempts: [
          attempt(1, 503, {
            response: {
              status: 503,
              headers: { [MARK_HEADER]: 'mark-1', 'retry-after': '4' },
              body: '',
              truncated: false,
            },
          }),
          attempt(2, 200, { startedAt: AT + 12_000 }),
        ],
      }),
    ],
    requests: [request(1, 503), request(2, 200)],
  },
};

const recordedTwice: Record<string, Partial<CampaignRecord>> = {
  'one request as two attempts': {
    deliveries: [
      delivery({
        attempts: [attempt(1, 500), attempt(2, 500, { response: attempt(1, 500).response }), attempt(3, 200)],
      }),
    ],
    requests: [request(1, 500), request(3, 200)],
  },
  'two attempts with one id': {
    deliveries: [delivery({ attempts: [attempt(1, 500), attempt(2, 200, { id: 'attempt-1' })] })],
  },
  'two attempts with one number': {
    deliveries: [delivery({ attempts: [attempt(1, 500), attempt(2, 200, { number: 1 })] })],
  },
  'two deliveries of one event': { deliveries: [delivery(), delivery({ attempts: [], eventAt: AT + 1 })] },
  'an event twice': { events: [EVENT, EVENT] },
};

const phantom: Record<string, Partial<CampaignRecord>> = {
  'an answer that nobody gave': { requests: [request(2, 200)] },
  'an answer of another status': { requests: [request(1, 503), request(2, 200)] },
  'an answer to another delivery': {
    requests: [request(1, 500, { deliveryId: deliveryId(ref('two')) }), request(2, 200)],
  },
  'the data of another event': { requests: [request(1, 500, { eventMark: 'm2' }), request(2, 200)] },
  'a timeout of a request that never came': {
    deliveries: [delivery({ attempts: [attempt(1, null), attempt(2, 200)] })],
    requests: [request(2, 200)],
  },
  'an end of which the company was told, though no receiver said 410': {
    events: [EVENT, told('subscription.disabled')],
  },
  'a failure for good of which the company was told, though the schedule was not used up': {
    events: [EVENT, told('delivery.exhausted')],
  },
  'a success without an answer': {
    deliveries: [delivery({ attempts: [attempt(1, 500), attempt(2, 200, { response: null })] })],
  },
};

const gone = {
  deliveries: [
    delivery({ status: 'failed', statusReason: { code: 'receiver_gone', message: '' }, attempts: [attempt(1, 410)] }),
  ],
  requests: [request(1, 410)],
};
const effectsUndone: Record<string, Partial<CampaignRecord>> = {
  'active after 410': gone,
  'active after 410, resumed before': { ...gone, subscriptions: [subscription({ resumes: [span(-900_000)] })] },
  'disabled without 410': { subscriptions: [subscription({ status: 'disabled' })] },
  'disabled by the 410 of another URL': {
    ...gone,
    subscriptions: [subscription({ status: 'disabled', path: '/new', moves: [span(0)] })],
  },
  'gone without a deletion': { subscriptions: [subscription({ status: null })] },
  'an open delivery of a deleted subscription': {
    deliveries: [delivery({ status: 'parked', dueAt: AT })],
    subscriptions: [subscription({ status: null, deletion: span(0) })],
  },
};

const repeated: Record<string, Partial<CampaignRecord>> = {
  'a request that is not on record': {
    requests: [request(1, 500), request(1, 500, { mark: 'other' }), request(2, 200)],
  },
  'a broken connection long before the next does not explain it': {
    requests: [request(1, null, { mark: 'other', at: AT }), request(1, 500), request(2, 200)],
  },
  'a write that was refused before it does not explain it': {
    requests: [request(1, 500), request(1, 500, { mark: 'other' }), request(2, 200)],
    refusedWrites: new Map([[deliveryId(ref('one')), [AT + 5_000]]]),
  },
  'a kill long after it does not explain it': {
    requests: [request(1, 500), request(1, 500, { mark: 'other' }), request(2, 200)],
    kills: [AT + 200_000],
  },
};

const countedWrong: Record<string, Partial<CampaignRecord>> = {
  'nothing counted': { counters: [] },
  'an attempt counted twice': { counters: [counted({ http_error: 2, '5xx': 2, ms_14: 3 })] },
  'an end counted twice': { counters: [counted({ succeeded: 2 })] },
  'an end that was not counted': { counters: [counted({ succeeded: 0 })] },
  'an attempt that was not counted': { counters: [counted({ http_error: 0, '5xx': 0, ms_14: 1 })] },
  'the class of another status': { counters: [counted({ '5xx': 0, '4xx': 1 })] },
  'another duration': { counters: [counted({ ms_14: 1, ms_20: 1 })] },
  'an attempt without a duration': { counters: [counted({ ms_14: 1 })], uncountedEnds: [AT + 10_500, AT + 20_500] },
  'an outcome that no attempt had': { counters: [counted({ timeout: 1, ms_14: 3 })] },
  'more than was lost on the way': {
    counters: [],
    lostCounts: [counted({ http_error: 0, '5xx': 0, ms_14: 1 })],
  },
  'not counted long before a kill': { counters: [], uncountedEnds: [AT + 100_000] },
  'counted for a subscription without deliveries': { counters: [counted(), { ...counted(), subscriptionId: 'other' }] },
};

const once = {
  deliveries: [
    delivery({ status: 'cancelled', statusReason: { code: 'cancelled', message: '' }, attempts: [attempt(1, 500)] }),
  ],
  requests: [request(1, 500)],
  commands: [{ kind: 'cancel' as const, deliveryId: deliveryId(ref('one')), ...span(15_000) }],
  counters: [counted({ success: 0, '2xx': 0, ms_14: 1, succeeded: 0 })],
};
const healthWrong: Record<string, Partial<CampaignRecord>> = {
  'a last failure that no attempt had': withHealth(failing({ at: AT + 9_000 })),
  'a last failure with another answer': withHealth(failing({ status: 503 })),
  'more failures in a row than there were': withHealth(failing({}, 2)),
  'failing after a success': withHealth(failing(), AT + 20_000),
  'a breaker that is open after a success': withHealth(open, AT + 20_000),
  'healthy after a failure that no success followed': once,
};

const doctored = {
  lost,
  stuck,
  early,
  recorded_twice: recordedTwice,
  phantom,
  effects_undone: effectsUndone,
  repeated_without_cause: repeated,
  counted_wrong: countedWrong,
  health_wrong: healthWrong,
};

describe.each(FAULT_KINDS)('%s', (kind) => {
  test.each(Object.entries(doctored[kind]))('%s', (_name, changes) => {
    expect(kindsOf(campaign(changes))).toContain(kind);
  });
});

describe('what is as it should be', () => {
  const explained: Record<string, Partial<CampaignRecord>> = {
    'an event that was never accepted': {
      publications: [{ mark: 'm1', tenantId: TENANT, type: 'a.b', startedAt: AT, endedAt: null }],
      events: [],
      deliveries: [],
      requests: [],
    },
    'no delivery to a subscription of other types': {
      subscriptions: [subscription({ typePrefix: 'x.' })],
      deliveries: [],
      requests: [],
    },
    'no delivery to a younger subscription': {
      subscriptions: [subscription({ createdAt: AT + 1 })],
      deliveries: [],
      requests: [],
    },
    'a schedule that is used up': {
      ...exhausted,
      events: [EVENT, told('delivery.exhausted')],
    },
    'parked beside a paused subscription': {
      deliveries: [delivery({ status: 'parked', dueAt: AT + 1 })],
      subscriptions: [subscription({ status: 'paused' })],
    },
    'an attempt before its gap after a resume': {
      deliveries: [delivery({ attempts: [attempt(1, 500), attempt(2, 200, { startedAt: AT + 10_500 })] })],
      subscriptions: [subscription({ resumes: [span(10_300)] })],
    },
    'a retry that the success of a twin overwrote': {
      commands: [{ kind: 'retry', deliveryId: deliveryId(ref('one')), ...span(60_000) }],
      doubled: new Set(['m1']),
    },
    'a twin’s first attempt': {
      deliveries: [
        delivery({
          attempts: [
            attempt(1, 500),
            attempt(2, 200, { startedAt: AT + 10_000, request: { url: '', headers: { [NUMBER_HEADER]: '1' } } }),
          ],
        }),
      ],
    },
    'disabled after 410': { ...gone, ...disabled },
    'removed after 410': { ...gone, ...disabled, subscriptions: [subscription({ status: null })] },
    'a schedule that is used up and counted in a queue that was purged': {
      ...exhausted,
      emptied: true,
    },
    'a job that has ended': { events: [EVENT, told('job.ended', 'job_1')], jobs: [job()] },
    'resumed after 410': { ...gone, subscriptions: [subscription({ resumes: [span(30_000)] })] },
    'disabled, then moved': {
      ...gone,
      ...disabled,
      subscriptions: [subscription({ status: 'disabled', path: '/new', moves: [span(30_000)] })],
    },
    'moved after 410': { ...gone, subscriptions: [subscription({ path: '/new' })] },
    'a timeout of a request that came': {
      deliveries: [delivery({ attempts: [attempt(1, null), attempt(2, 200)] })],
      requests: [request(1, null), request(2, 200)],
    },
    'a status that HTTP does not know': {
      deliveries: [delivery({ attempts: [attempt(1, 999), attempt(2, 200)] })],
      requests: [request(1, 999), request(2, 200)],
      counters: [counted()],
    },
    'counts that were lost on the way': { counters: [], lostCounts: [counted()] },
    'an attempt that was not counted before a kill': {
      counters: [counted({ http_error: 0, '5xx': 0, ms_14: 1 })],
      uncountedEnds: [AT + 10_500],
    },
    'an attempt that was not counted as its write was refused': {
      counters: [counted({ http_error: 0, '5xx': 0, ms_14: 1 })],
      refusedWrites: new Map([[deliveryId(ref('one')), [AT + 10_500]]]),
    },
    'a delivery that failed, was retried by hand, and arrived': { counters: [counted({ failed: 1 })] },
    'failing since its last attempt': { ...once, ...withHealth(failing()) },
    'failing before faults were over': withHealth(failing()),
    'a breaker that was open before faults were over': withHealth(open),
    'healthy as the write of a failure was lost': { ...once, unwrittenHealth: new Map([[HOOK, [AT + 10_500]]]) },
    'healthy after a resume': { ...once, subscriptions: [subscription({ resumes: [span(12_000)] })] },
  };
  test.each(Object.entries(explained))('%s', (_name, changes) => {
    expect(checkCampaign(campaign(changes))).toEqual({ findings: [], repeats: 0 });
  });

  test.each<[string, Partial<CampaignRecord>]>([
    ['a kill', { kills: [AT + 15_000] }],
    ['a doubled message', { doubled: new Set([deliveryId(ref('one'))]) }],
    ['a doubled event', { doubled: new Set(['m1']) }],
    ['a refused write', { refusedWrites: new Map([[deliveryId(ref('one')), [AT + 10_500]]]) }],
  ])('%s explains a repeated request, and it is counted', (_name, changes) => {
    const requests = [request(1, 500), request(1, 500, { mark: 'other' }), request(2, 200)];
    expect(checkCampaign(campaign({ requests, ...changes }))).toEqual({ findings: [], repeats: 1 });
  });

  test.each<[string, number[], string[]]>([
    ['came again in between', [AT, AT + 10_500], [deliveryId(ref('one'))]],
    ['came again after both', [AT, AT + 11_500], []],
    ['came once', [AT], []],
  ])('two first requests of an event whose message %s', (_name, times, twins) => {
    const requests = [request(1, 500), request(1, 500, { mark: 'other', at: AT + 11_000 }), request(2, 200)];
    expect(twinsOfFanOuts(requests, new Map([['m1', times]]))).toEqual(twins);
    expect(twinsOfFanOuts(requests.slice(1), new Map([['m1', times]]))).toEqual([]);
  });

  test('a first message that was handed out twice explains that a 410 is overwritten, and what it owed', () => {
    // Both were counted, and the health may know of both.
    const counters = [
      ...countedOf(overwritten.deliveries),
      ...countedOf([delivery({ status: 'failed', attempts: [attempt(1, 410)] })]),
    ];
    expect(checkCampaign(campaign({ ...overwritten, counters }))).toEqual({ findings: [], repeats: 1 });
    const health = new Map([[HOOK, failing({ status: 410 })]]);
    expect(
      checkCampaign(campaign({ ...overwritten, subscriptions: [subscription({ path: '/new' })], counters, health })),
    ).toEqual({ findings: [], repeats: 1 });
  });

  test('a connection that broke explains that its request was sent again at once, and it is counted', () => {
    const again = { requests: [request(1, null, { mark: 'other' }), request(1, 500), request(2, 200)] };
    expect(checkCampaign(campaign(again))).toEqual({ findings: [], repeats: 1 });
  });

  test('so it does if the second connection broke as well', () => {
    const deliveries = [delivery({ attempts: [attempt(1, null, { outcome: 'connection_reset' }), attempt(2, 200)] })];
    const requests = [request(1, null, { mark: 'other', at: AT + 9_990 }), request(1, null), request(2, 200)];
    expect(checkCampaign(campaign({ deliveries, requests }))).toEqual({ findings: [], repeats: 1 });
  });

  test('an interrupted attempt explains its request, and it is counted', () => {
    const interrupted = attempt(1, null, { outcome: 'interrupted', request: { url: '', headers: {} } });
    const deliveries = [delivery({ attempts: [interrupted, attempt(2, 200)] })];
    const kills = [AT + 10_100];
    expect(checkCampaign(campaign({ deliveries, kills }))).toEqual({ findings: [], repeats: 1 });
    expect(kindsOf(campaign({ deliveries }))).toEqual(['phantom', 'repeated_without_cause']);
  });
});

test('the deliveries of findings are told of in their order, with all that befell them', () => {
  const id = deliveryId(ref('one'));
  const record = campaign({
    requests: [request(1, 500), request(1, 500, { mark: 'other' }), request(2, 200)],
    commands: [{ kind: 'retry', deliveryId: id, ...span(15_000) }],
    refusedWrites: new Map([[id, [AT + 5_000]]]),
    kills: [AT + 200_000],
  });
  expect(describeTimelines(record, checkCampaign(record))).toEqual([
    expect.stringMatching(/^dlv_\S+ \{"status":"succeeded".*"isDoubled":false\}\n/),
  ]);
  const [timeline = ''] = describeTimelines(record, checkCampaign(record));
  expect(timeline.split('\n').slice(1)).toEqual([
    '  0 ms  its event was accepted',
    '  0 ms  published',
    '  5000 ms  a write was refused',
    '  10000 ms  request 1 (mark-1): 500',
    '  10000 ms  request 1 (other): 500',
    '  10000 ms  attempt 1, automatic: http_error, after 10 ms',
    '  15000 ms  retry, answered after 10 ms',
    '  20000 ms  request 2 (mark-2): 200',
    '  20000 ms  attempt 2, automatic: success, after 10 ms',
    '  200000 ms  the functions were killed',
  ]);
  expect(describeTimelines(campaign(), checkCampaign(campaign()))).toEqual([]);
});
