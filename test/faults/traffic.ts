import { setTimeout as sleep } from 'node:timers/promises';
import { SendMessageBatchCommand } from '@aws-sdk/client-sqs';
import * as z from 'zod';
import { createSqsClient } from '../../testing/queues.ts';
import type { Command, Publication, Span, SubscriptionHistory } from './campaign-record.ts';
import type { Choices } from './random.ts';
import { BEHAVIOURS, type Behaviour, type ScriptedReceiver } from './scripted-receiver.ts';
import type { SystemUnderFaults } from './system-under-faults.ts';
import { PROFILE_NAMES, PROFILES, type ProfileName, profileDocument } from './traffic-profiles.ts';

/** Settings of the stack that the profiles count on. */
export const SETTINGS = { maxQueueWaitSeconds: '10', attemptTimeoutSeconds: '4', logLevel: 'WARN' };

export const TENANTS = ['acme', 'bolt', 'cargo'];
/** Tenants with so many more subscriptions, which want nothing that is published: fan-out keeps what it read of them. */
const CROWDED = ['bolt', 'cargo'];
const BYSTANDERS = 20;
const TYPES = ['order.paid', 'order.sent', 'person.left'];
/** What a subscription wants, as the API takes it and as the checker does. */
const WANTS = [
  { eventTypes: ['*'], typePrefix: '' },
  { eventTypes: ['order.*'], typePrefix: 'order.' },
];

const Created = z.object({ id: z.string() });
const Listed = z.object({
  data: z.array(z.object({ id: z.string(), status: z.string(), profile: z.string().optional() })),
  nextCursor: z.string().nullable(),
});

/** The requests that a company and its tenants make, and what became of each. */
export interface Traffic {
  publications: Publication[];
  subscriptions: SubscriptionHistory[];
  commands: Command[];
  prepare(): Promise<void>;
  publish(count: number, perSecond: number): Promise<void>;
  /** Changes subscriptions and deliveries until it is stopped. */
  disturb(): { stop(): Promise<void> };
  /** Reads what the subscriptions have become, those included whose creation was never answered. */
  readStatuses(): Promise<void>;
  isReady(): Promise<boolean>;
  close(): void;
}

interface Answer {
  status: number;
  body: unknown;
}

const CALL_TIMEOUT_MS = 12_000;
const MAX_TRIES = 8;

export function createTraffic(system: SystemUnderFaults, receiver: ScriptedReceiver, choices: Choices): Traffic {
  const publications: Publication[] = [];
  const subscriptions: SubscriptionHistory[] = [];
  const commands: Command[] = [];
  const sent: { publication: Publication; event: Record<string, unknown> }[] = [];
  const publishing = choices.fork('publishing');
  const changing = choices.fork('changing');
  let paths = 0;
  let marks = 0;
  const sqs = createSqsClient(system.sqsEndpoint);

  /** Null if no answer came. */
  async function callOnce(method: string, path: string, body?: object, headers = {}): Promise<Answer | null> {
    try {
      const answer = await fetch(`${system.apiUrl}/v1${path}`, {
        method,
        headers: { authorization: `Bearer ${system.adminKey}`, 'content-type': 'application/json', ...headers },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
        signal: AbortSignal.timeout(CALL_TIMEOUT_MS),
      });
      const text = await answer.text();
      return { status: answer.status, body: text === '' ? null : JSON.parse(text) };
    } catch {
      return null;
    }
  }

  /** As a careful client does it: again after 5xx, a lost connection or 409. Null if it was never answered for good. */
  async function call(method: string, path: string, body?: object, headers = {}): Promise<Answer | null> {
    for (let round = 0; round < MAX_TRIES; round += 1) {
      const answer = await callOnce(method, path, body, headers);
      if (answer !== null && answer.status < 500 && answer.status !== 429) return answer;
      await sleep(150 * (round + 1));
    }
    return null;
  }

  const one = ({ tenantId, id }: SubscriptionHistory) => `/tenants/${tenantId}/subscriptions/${id}`;

  async function during(work: () => Promise<Answer | null>, spans: Span[][]): Promise<Answer | null> {
    const span: Span = { startedAt: Date.now(), endedAt: null };
    for (const list of spans) list.push(span);
    const answer = await work();
    if (answer !== null) span.endedAt = Date.now();
    return answer;
  }

  function newPath(behaviour: Behaviour): string {
    paths += 1;
    const path = `/${behaviour}-${paths}`;
    receiver.behave(path, behaviour);
    return path;
  }

  async function subscribe(tenantId: string, profile: ProfileName, behaviour: Behaviour): Promise<void> {
    const path = newPath(behaviour);
    const { eventTypes, typePrefix } = changing.pick(WANTS);
    const body = { url: receiver.url(path), eventTypes, profile: `faults-${profile}` };
    const answer = await call('POST', `/tenants/${tenantId}/subscriptions`, body, { 'idempotency-key': path.slice(1) });
    if (answer?.status !== 201) return;
    const { id } = Created.parse(answer.body);
    subscriptions.push(history(id, tenantId, profile, { typePrefix, path, createdAt: Date.now() }));
  }

  function history(
    id: string,
    tenantId: string,
    profile: ProfileName,
    rest: Pick<SubscriptionHistory, 'typePrefix' | 'path' | 'createdAt'>,
  ): SubscriptionHistory {
    const gapsMs = PROFILES[profile].gapsSeconds.map((seconds) => seconds * 1_000);
    const none = { pauses: [], resumes: [], moves: [], discards: [], deletion: null, status: null };
    return { id, tenantId, gapsMs, ...none, ...rest };
  }

  const actions = {
    async pauseAndResume(subscription: SubscriptionHistory) {
      await during(() => call('POST', `${one(subscription)}/pause`), [subscription.pauses]);
      await sleep(changing.whole(100, 3_000));
      await resume(subscription);
    },
    resume,
    async move(subscription: SubscriptionHistory) {
      const path = newPath(changing.pick(BEHAVIOURS));
      const answer = await during(
        () => call('PATCH', one(subscription), { url: receiver.url(path) }),
        [subscription.moves],
      );
      if (answer?.status === 200) subscription.path = path;
      // It may have been moved all the same: nothing can be said of its URL.
      else if (answer === null) subscription.path = '';
    },
    async replace(subscription: SubscriptionHistory) {
      const span: Span = { startedAt: Date.now(), endedAt: null };
      subscription.deletion = span;
      let answer = await call('DELETE', one(subscription));
      // Another request changed it in between.
      for (let round = 0; round < MAX_TRIES && answer?.status === 409; round += 1)
        answer = await call('DELETE', one(subscription));
      if (answer !== null) span.endedAt = Date.now();
      await subscribe(subscription.tenantId, changing.pick(PROFILE_NAMES), changing.pick(BEHAVIOURS));
    },
    retry: (subscription: SubscriptionHistory) => command(subscription, 'retry', ['failed', 'succeeded']),
    cancel: (subscription: SubscriptionHistory) => command(subscription, 'cancel', ['pending', 'parked']),
  };

  async function resume(subscription: SubscriptionHistory): Promise<void> {
    const fate = changing.chance(0.25) ? 'discard' : 'deliver';
    // Whoever resumes has mended the receiver first.
    if (subscription.path !== '') receiver.behave(subscription.path, changing.pick(['good', 'flaky']));
    const spans = fate === 'discard' ? [subscription.resumes, subscription.discards] : [subscription.resumes];
    await during(() => call('POST', `${one(subscription)}/resume`, { parked: fate }), spans);
  }

  async function command(
    subscription: SubscriptionHistory,
    kind: Command['kind'],
    statuses: readonly string[],
  ): Promise<void> {
    const listed = await call('GET', `${one(subscription)}/deliveries?limit=100`);
    if (listed?.status !== 200) return;
    const data = Listed.parse(listed.body).data.filter(({ status }) => statuses.includes(status));
    if (data.length === 0) return;
    const { id: deliveryId } = changing.pick(data);
    const span: Command = { kind, deliveryId, startedAt: Date.now(), endedAt: null };
    const answer = await call('POST', `/tenants/${subscription.tenantId}/deliveries/${deliveryId}/${kind}`);
    if (answer !== null && answer.status < 300) span.endedAt = Date.now();
    // One that was refused may have been done by an earlier try, whose answer was lost.
    if (kind === 'cancel' || span.endedAt !== null) commands.push(span);
  }

  function newEvent(): { publication: Publication; event: Record<string, unknown> } {
    marks += 1;
    const mark = `m${marks}`;
    const tenantId = publishing.pick(TENANTS);
    const type = publishing.pick(TYPES);
    const publication: Publication = { mark, tenantId, type, startedAt: Date.now(), endedAt: null };
    publications.push(publication);
    const event = { type, data: { mark, text: 'x'.repeat(publishing.whole(0, 2_000)) } };
    return { publication, event: publishing.chance(0.5) ? { id: `event-${mark}`, ...event } : event };
  }

  /** New ones, and now and then one again that has an id. */
  function newBatch(size: number) {
    const again = sent.length > 0 && publishing.chance(0.1) ? [publishing.pick(sent)] : [];
    const batch = [...Array.from({ length: size }, newEvent), ...again];
    sent.push(...batch.filter(({ event }) => 'id' in event && !again.some((one) => one.event === event)));
    return batch;
  }

  async function publishBatch(size: number): Promise<void> {
    const batch = newBatch(size);
    const accept = (publication: Publication): void => {
      publication.endedAt ??= Date.now();
    };
    if (publishing.chance(0.5)) {
      const Entries = batch.map(({ publication, event }, index) => ({
        Id: String(index),
        MessageBody: JSON.stringify({ tenantId: publication.tenantId, ...event }),
      }));
      const command = new SendMessageBatchCommand({ QueueUrl: system.eventsQueueUrl, Entries });
      const answer = await sqs.send(command).catch(() => null);
      for (const { Id } of answer?.Successful ?? []) {
        const { publication } = batch[Number(Id)] ?? {};
        if (publication !== undefined) accept(publication);
      }
      return;
    }
    await Promise.all(
      [...Map.groupBy(batch, ({ publication }) => publication.tenantId)].map(async ([tenantId, group]) => {
        const answer = await call('POST', `/tenants/${tenantId}/events`, { events: group.map(({ event }) => event) });
        if (answer?.status === 202) for (const { publication } of group) accept(publication);
      }),
    );
  }

  return {
    publications,
    subscriptions,
    commands,

    async prepare() {
      for (const name of PROFILE_NAMES) {
        const answer = await call('POST', '/profiles', profileDocument(name));
        // 409: a try whose answer came too late has made it.
        if (answer?.status !== 201 && answer?.status !== 409)
          throw new Error(`A profile was refused: ${JSON.stringify(answer)}`);
      }
      for (const tenantId of CROWDED) {
        for (let number = 0; number < BYSTANDERS; number += 1) {
          const body = { url: receiver.url('/bystander'), eventTypes: ['never.published'] };
          const path = `/tenants/${tenantId}/subscriptions`;
          await call('POST', path, body, { 'idempotency-key': `${tenantId}-bystander-${number}` });
        }
      }
      for (const tenantId of TENANTS) {
        for (const profile of PROFILE_NAMES) {
          for (const behaviour of profile === 'removing' ? (['gone', 'flaky'] as const) : BEHAVIOURS)
            await subscribe(tenantId, profile, behaviour);
        }
      }
    },

    async publish(count, perSecond) {
      const startedAt = performance.now();
      const running = new Set<Promise<void>>();
      for (let done = 0; done < count; ) {
        const size = Math.min(publishing.whole(1, 5), count - done);
        const work: Promise<void> = publishBatch(size).finally(() => running.delete(work));
        running.add(work);
        done += size;
        if (running.size >= 8) await Promise.race(running);
        const ahead = (done / perSecond) * 1_000 - (performance.now() - startedAt);
        if (ahead > 0) await sleep(ahead);
      }
      await Promise.all(running);
    },

    disturb() {
      let stopping = false;
      const busy = new Set<SubscriptionHistory>();
      const worker = async (work: readonly (keyof typeof actions)[]): Promise<void> => {
        while (!stopping) {
          await sleep(changing.whole(100, 900));
          const free = subscriptions.filter((one) => one.deletion === null && !busy.has(one));
          if (free.length === 0) continue;
          const action = changing.pick(work);
          // Of a dead receiver deliveries wait, and a deletion has to end them.
          const dead = action === 'replace' ? free.filter(({ path }) => path.startsWith('/dead')) : [];
          const subscription = changing.pick(dead.length > 0 ? dead : free);
          busy.add(subscription);
          await actions[action](subscription);
          busy.delete(subscription);
        }
      };
      const work = Promise.all([
        ...Array.from({ length: 3 }, () =>
          worker(['pauseAndResume', 'pauseAndResume', 'resume', 'move', 'move', 'replace']),
        ),
        worker(['retry']),
        worker(['cancel']),
      ]);
      return {
        async stop() {
          stopping = true;
          await work;
        },
      };
    },

    async readStatuses() {
      const known = new Map(subscriptions.map((one) => [one.id, one]));
      for (const one of subscriptions) one.status = null;
      for (const tenantId of TENANTS) {
        for (let cursor: string | null = ''; cursor !== null; ) {
          const query: string = cursor === '' ? '' : `&cursor=${encodeURIComponent(cursor)}`;
          const answer: Answer | null = await call('GET', `/tenants/${tenantId}/subscriptions?limit=100${query}`);
          const page: z.infer<typeof Listed> = Listed.parse(answer?.body);
          for (const { id, status, profile = '' } of page.data) {
            let found = known.get(id);
            if (found === undefined) {
              const name = PROFILE_NAMES.find((one) => profile === `faults-${one}`) ?? 'quick';
              const unanswered = { typePrefix: '', path: '', createdAt: Number.POSITIVE_INFINITY };
              found = history(id, tenantId, name, unanswered);
              subscriptions.push(found);
            }
            found.status = status;
          }
          cursor = page.nextCursor;
        }
      }
    },

    isReady: async () => (await callOnce('GET', '/health'))?.status === 200,
    close: () => sqs.destroy(),
  };
}
