import { type FormEvent, useState } from 'react';
import { useLocation, useSearchParams } from 'wouter';
import { useJob, useReplay } from '../api/jobs.ts';
import { shownStatus } from '../api/shown-status.ts';
import type { ReplayInput, Subscription } from '../api/types.ts';
import { AnswerSelect } from '../components/answer-select.tsx';
import { Button } from '../components/button.tsx';
import { ErrorNote } from '../components/error-note.tsx';
import { Field, FieldGroup } from '../components/field.tsx';
import { readFieldErrors } from '../components/field-errors.ts';
import { JobStatus } from '../components/job-status.tsx';
import { Link } from '../components/link.tsx';
import { fromLocal, isPartial, toLocal } from '../components/moment-field.tsx';
import { WebhookPage } from '../components/webhook-page.tsx';
import { useMayChange } from '../session/session.tsx';
import { jobTexts } from '../texts/jobs.ts';
import { sharedTexts } from '../texts/shared.ts';
import { useLanguage, useTexts } from '../texts/texts.ts';
import { webhookTexts } from '../texts/webhook.ts';

const STATUSES = ['failed', 'parked', 'missing', 'all'] as const;
const FIELDS = ['/from', '/to', '/responseStatus', '/eventTypes', '/maxPerSecond'];
const DAY_MS = 86_400_000;

export function WebhookReplayPage() {
  return <WebhookPage>{(subscription) => <Replay subscription={subscription} />}</WebhookPage>;
}

interface Draft {
  status: (typeof STATUSES)[number];
  from: string;
  to: string;
  responseStatus: string;
  eventTypes: string;
  maxPerSecond: string;
}

/** Counts first, by a job whose id stands in the address; what was counted is what then can be sent. */
function Replay({ subscription }: { subscription: Subscription }) {
  const { tenantId, id } = subscription;
  const status = shownStatus(subscription);
  const t = useTexts(jobTexts);
  const shared = useTexts(sharedTexts);
  const { inactive } = useTexts(webhookTexts);
  const mayChange = useMayChange();
  const [params, setParams] = useSearchParams();
  const [, navigate] = useLocation();
  const [draft, setDraft] = useState<Draft>(() => draftOf(params));
  const [isChecked, setChecked] = useState(false);
  // After a reload it is what the address says. Null: nothing was counted.
  const [counted, setCounted] = useState(() => (params.has('count') ? inputOf(draftOf(params), true) : null));
  const replay = useReplay(tenantId, id);
  const count = useJob(tenantId, params.get('count'));
  const errors = readFieldErrors(replay.error, FIELDS);
  const wrong = isChecked ? mistakesOf(draft) : { from: false, maxPerSecond: false };
  const [isEndPartial, setEndPartial] = useState(false);
  const set = (change: Partial<Draft>) => setDraft({ ...draft, ...change });
  const start = (dryRun: boolean, onStarted: (jobId: string) => void) => {
    setChecked(true);
    const mistakes = mistakesOf(draft);
    if (mistakes.from || mistakes.maxPerSecond) return;
    // What is sent is what was counted, also if its end was "until now".
    const until = dryRun ? undefined : count.data?.filter.to;
    const input = { ...inputOf(draft, dryRun), ...(typeof until === 'string' ? { to: until } : {}) };
    replay.mutate(input, {
      onSuccess: (job) => {
        // A count that was refused leaves the last one to what that one was of.
        if (dryRun) setCounted(input);
        onStarted(job.id);
      },
    });
  };
  const submit = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const lacksPart = isPartial(event.currentTarget, 'to');
    setEndPartial(lacksPart);
    if (lacksPart) return;
    start(true, (jobId) => setParams({ ...paramsOf(draft), count: jobId }, { replace: true }));
  };
  const total = count.data?.status === 'done' ? count.data.progress.done : null;
  const isCounted = counted !== null && sameInput(counted, inputOf(draft, true));
  return (
    <fieldset className="plain" disabled={!mayChange}>
      <form className="form" onSubmit={submit} noValidate>
        <div>
          <h2>{t.replay}</h2>
          <p className="quiet">{t.replayHint}</p>
        </div>
        <FieldGroup label={t.which}>
          {STATUSES.map((one) => (
            <label key={one} className="choice">
              <input type="radio" name="status" checked={draft.status === one} onChange={() => set({ status: one })} />
              <span>{t.statuses[one]}</span>
            </label>
          ))}
        </FieldGroup>
        <div className="row top">
          <Field label={t.from} hint={t.fromHint} error={wrong.from ? shared.noMoment : errors.of('/from')}>
            {(control) => (
              <input
                {...control}
                type="datetime-local"
                value={draft.from}
                onChange={(event) => set({ from: event.target.value })}
              />
            )}
          </Field>
          <Field label={t.to} hint={t.toHint} error={isEndPartial ? shared.noMoment : errors.of('/to')}>
            {(control) => (
              <input
                {...control}
                type="datetime-local"
                name="to"
                value={draft.to}
                onChange={(event) => set({ to: event.target.value })}
              />
            )}
          </Field>
        </div>
        {draft.status !== 'missing' && (
          <AnswerSelect value={draft.responseStatus} onChange={(responseStatus) => set({ responseStatus })} />
        )}
        <Field label={t.eventTypes} hint={t.eventTypesHint} error={errors.of('/eventTypes')} isOptional>
          {(control) => (
            <input
              {...control}
              value={draft.eventTypes}
              onChange={(event) => set({ eventTypes: event.target.value })}
            />
          )}
        </Field>
        <Field label={t.maxPerSecond} error={wrong.maxPerSecond ? t.noNumber : errors.of('/maxPerSecond')} isOptional>
          {(control) => (
            <input
              {...control}
              inputMode="numeric"
              value={draft.maxPerSecond}
              onChange={(event) => set({ maxPerSecond: event.target.value })}
            />
          )}
        </Field>
        {errors.hasOthers && <ErrorNote error={replay.error} />}
        {count.isError && <ErrorNote error={count.error} retry={count.refetch} />}
        {status !== 'active' && <p className="quiet">{inactive[status]}</p>}
        {(count.data?.status === 'cancelled' || count.data?.status === 'failed') && <JobStatus job={count.data} />}
        <Counted
          isRunning={count.data?.status === 'running'}
          soFar={count.data?.progress.done ?? 0}
          total={total}
          isCounted={isCounted}
        />
        <div className="actions">
          <Button type="submit" look={total === null || !isCounted ? 'main' : 'plain'} isBusy={replay.isPending}>
            {t.count}
          </Button>
          {total !== null && total > 0 && isCounted && (
            <Send
              count={total}
              isPossible={status === 'active'}
              isBusy={replay.isPending}
              onSend={() => start(false, (jobId) => navigate(`/tenants/${tenantId}/jobs/${jobId}?of=${total}`))}
            />
          )}
        </div>
      </form>
      <Link href={`/tenants/${tenantId}/webhooks/${id}/deliveries`} className="back">
        ← {t.back}
      </Link>
    </fieldset>
  );
}

interface SendProps {
  count: number;
  isPossible: boolean;
  isBusy: boolean;
  onSend: () => void;
}

function Send({ count, isPossible, isBusy, onSend }: SendProps) {
  const t = useTexts(jobTexts);
  const number = new Intl.NumberFormat(useLanguage());
  return (
    <Button look="main" disabled={!isPossible} isBusy={isBusy} onClick={onSend}>
      {t.send(number.format(count))}
    </Button>
  );
}

interface CountedProps {
  isRunning: boolean;
  soFar: number;
  /** Null: not known. */
  total: number | null;
  isCounted: boolean;
}

function Counted({ isRunning, soFar, total, isCounted }: CountedProps) {
  const t = useTexts(jobTexts);
  const number = new Intl.NumberFormat(useLanguage());
  return (
    <p role="status" className="counted">
      {isRunning && t.counting(number.format(soFar))}
      {total !== null && !isCounted && t.change}
      {total !== null && isCounted && (total === 0 ? t.countedNone : t.counted(number.format(total)))}
    </p>
  );
}

/** What the address says, as the lists' filters say it; a day back if it says nothing. */
function draftOf(params: URLSearchParams): Draft {
  const status = STATUSES.find((one) => one === params.get('status')) ?? 'failed';
  const from = toLocal(params.get('from') ?? new Date(Date.now() - DAY_MS).toISOString());
  return {
    status,
    from,
    to: toLocal(params.get('to') ?? ''),
    responseStatus: params.get('responseStatus') ?? '',
    eventTypes: params.get('eventType') ?? '',
    maxPerSecond: params.get('maxPerSecond') ?? '',
  };
}

function paramsOf({ status, from, to, responseStatus, eventTypes, maxPerSecond }: Draft): Record<string, string> {
  const all = { status, from: fromLocal(from), to: fromLocal(to), responseStatus, eventType: eventTypes, maxPerSecond };
  return Object.fromEntries(
    Object.entries(all).flatMap(([name, value]) => (value === null || value === '' ? [] : [[name, value]])),
  );
}

function mistakesOf({ from, maxPerSecond }: Draft) {
  return { from: fromLocal(from) === null, maxPerSecond: !/^\d*$/.test(maxPerSecond.trim()) };
}

function inputOf({ status, from, to, responseStatus, eventTypes, maxPerSecond }: Draft, dryRun: boolean): ReplayInput {
  const until = fromLocal(to);
  return {
    status,
    from: fromLocal(from) ?? '',
    ...(until === null ? {} : { to: until }),
    ...(responseStatus === '' || status === 'missing' ? {} : { responseStatus }),
    eventTypes: eventTypes
      .split(',')
      .map((one) => one.trim())
      .filter((one) => one !== ''),
    maxPerSecond: maxPerSecond.trim() === '' ? null : Number(maxPerSecond),
    dryRun,
  };
}

const sameInput = (one: ReplayInput, other: ReplayInput): boolean => JSON.stringify(one) === JSON.stringify(other);
