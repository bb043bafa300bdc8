import { useState } from 'react';
import { Link, useSearchParams } from 'wouter';
import { useJobs } from '../api/jobs.ts';
import { useDeadLetters, useRedrive, useSystemState } from '../api/system.ts';
import type { DeadLetters, SystemState } from '../api/types.ts';
import { Button } from '../components/button.tsx';
import { JsonCode } from '../components/code.tsx';
import { Confirm } from '../components/confirm.tsx';
import { ErrorNote } from '../components/error-note.tsx';
import { Figure } from '../components/figure.tsx';
import { JobTable } from '../components/job-table.tsx';
import { Loading } from '../components/loading.tsx';
import { Page } from '../components/page.tsx';
import { Paging } from '../components/paging.tsx';
import { StatusBadge } from '../components/status-badge.tsx';
import { Time, useTimeFormat } from '../components/time.tsx';
import { useMayChange } from '../session/session.tsx';
import { systemTexts } from '../texts/system.ts';
import { useLanguage, useTexts } from '../texts/texts.ts';

type Queue = SystemState['queues'][number];
type DeadQueue = DeadLetters['queues'][number];

export function SystemPage() {
  const t = useTexts(systemTexts);
  const state = useSystemState();
  return (
    <Page title={t.title}>
      {state.isError && <ErrorNote error={state.error} retry={state.refetch} />}
      {state.isPending && <Loading />}
      {state.data && (
        <>
          <Glance state={state.data} />
          <QueueTable queues={state.data.queues} />
          <DeadLetterList count={deadLettersOf(state.data)} />
          <Failing failing={state.data.failing} />
        </>
      )}
      <Jobs />
    </Page>
  );
}

function sumOf({ visible, inFlight, delayed }: Queue['size']): number {
  return visible + inFlight + delayed;
}

function deadLettersOf({ queues }: SystemState): number {
  return queues.reduce((sum, { deadLetters }) => sum + sumOf(deadLetters), 0);
}

/** What needs someone, in words, and the numbers. */
function Glance({ state }: { state: SystemState }) {
  const t = useTexts(systemTexts);
  const number = new Intl.NumberFormat(useLanguage());
  const format = useTimeFormat();
  const { queues, overdue, failing } = state;
  const deadLetters = deadLettersOf(state);
  const overdueCount = overdue.isCapped ? t.atLeast(overdue.count) : number.format(overdue.count);
  const isWell = deadLetters === 0 && overdue.count === 0 && failing.length === 0;
  return (
    <section aria-label={t.glance}>
      <ul className="states">
        {isWell && (
          <li>
            <StatusBadge tone="ok">{t.well}</StatusBadge>
          </li>
        )}
        {deadLetters > 0 && (
          <li>
            <StatusBadge tone="bad">{t.deadLettersTell(deadLetters)}</StatusBadge>
          </li>
        )}
        {overdue.count > 0 && (
          <li>
            <StatusBadge tone="bad">{t.overdueTells(overdueCount)}</StatusBadge>{' '}
            {overdue.oldestDueAt !== null && <span className="quiet">{t.oldest(format(overdue.oldestDueAt))}</span>}
          </li>
        )}
        {failing.length > 0 && (
          <li>
            <StatusBadge tone="warn">{t.failingTells(failing.length)}</StatusBadge>
          </li>
        )}
      </ul>
      <dl className="figures">
        <Figure name={t.waiting} value={number.format(queues.reduce((sum, { size }) => sum + sumOf(size), 0))} />
        <Figure name={t.overdue} value={overdueCount} />
        <Figure name={t.deadLetters} value={number.format(deadLetters)} />
        <Figure name={t.failing} value={number.format(failing.length)} />
      </dl>
    </section>
  );
}

function QueueTable({ queues }: { queues: readonly Queue[] }) {
  const t = useTexts(systemTexts);
  const number = new Intl.NumberFormat(useLanguage());
  return (
    <section>
      <h2>{t.queues}</h2>
      <div className="table">
        <table>
          <thead>
            <tr>
              <th scope="col">{t.queue}</th>
              <th scope="col" className="number">
                {t.visible}
              </th>
              <th scope="col" className="number">
                {t.inFlight}
              </th>
              <th scope="col" className="number">
                {t.delayed}
              </th>
              <th scope="col" className="number">
                {t.deadLetters}
              </th>
            </tr>
          </thead>
          <tbody>
            {queues.map(({ name, size, deadLetters }) => (
              <tr key={name}>
                <th scope="row">
                  {t.queueNames[name]} <span className="quiet">· {t.queueDetails[name]}</span>
                </th>
                <td className="number" data-label={t.visible}>
                  {number.format(size.visible)}
                </td>
                <td className="number" data-label={t.inFlight}>
                  {number.format(size.inFlight)}
                </td>
                <td className="number" data-label={t.delayed}>
                  {number.format(size.delayed)}
                </td>
                <td className="number" data-label={t.deadLetters}>
                  {number.format(sumOf(deadLetters))}
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      <p className="hint under">{t.queuesHint}</p>
    </section>
  );
}

/** @param count about how many there are in all: none are read if there are none */
function DeadLetterList({ count }: { count: number }) {
  const t = useTexts(systemTexts);
  const found = useDeadLetters(count > 0);
  const redrive = useRedrive();
  const moved = redrive.data?.queues[0];
  const queues = found.data?.queues.filter((queue) => queue.count > 0) ?? [];
  return (
    <section>
      <h2>{t.deadLetters}</h2>
      <p className="hint">{t.deadLettersHint}</p>
      <div role="status">
        {moved && (
          <StatusBadge tone="ok">{moved.isEmpty ? t.moved(moved.moved) : t.movedSome(moved.moved)}</StatusBadge>
        )}
      </div>
      {found.isError && <ErrorNote error={found.error} retry={found.refetch} />}
      {found.isLoading && <Loading />}
      {!found.isLoading && !found.isError && queues.length === 0 && <p className="quiet">{t.noDeadLetters}</p>}
      {queues.map((queue) => (
        <DeadLetterQueue key={queue.name} queue={queue} redrive={redrive} />
      ))}
    </section>
  );
}

function DeadLetterQueue({
  queue: { name, count, oldestSentAt, messages },
  redrive,
}: {
  queue: DeadQueue;
  redrive: ReturnType<typeof useRedrive>;
}) {
  const t = useTexts(systemTexts);
  const mayChange = useMayChange();
  const [isAsked, setAsked] = useState(false);
  const close = () => setAsked(false);
  return (
    <div className="card">
      <div className="card-head">
        <h3>
          {t.queueNames[name]} <span className="quiet">· {count}</span>
          {oldestSentAt !== null && (
            <span className="quiet">
              , {t.oldestSent} <Time at={oldestSentAt} />
            </span>
          )}
        </h3>
        {mayChange && (
          <Button aria-label={t.redriveOf(t.queueNames[name])} onClick={() => setAsked(true)}>
            {t.redrive}
          </Button>
        )}
      </div>
      <details>
        <summary>{t.messages(messages.length)}</summary>
        {messages.map(({ messageId, sentAt, body, bodyTruncated }) => (
          <div key={messageId} className="dead-letter">
            <p className="quiet">
              {t.sent} <Time at={sentAt} />. {bodyTruncated && t.cut}
            </p>
            <JsonCode label={messageId} text={body} />
          </div>
        ))}
      </details>
      {isAsked && (
        <Confirm
          title={t.redriveTitle(t.queueNames[name])}
          description={t.redriveDetail}
          action={t.redrive}
          change={redrive}
          onConfirm={() => redrive.mutate(name, { onSuccess: close })}
          onClose={close}
        />
      )}
    </div>
  );
}

function Failing({ failing }: { failing: SystemState['failing'] }) {
  const t = useTexts(systemTexts);
  return (
    <section>
      <h2>{t.failing}</h2>
      {failing.length === 0 ? (
        <p className="quiet">{t.noFailing}</p>
      ) : (
        <div className="table">
          <table>
            <thead>
              <tr>
                <th scope="col">{t.webhook}</th>
                <th scope="col">{t.tenant}</th>
                <th scope="col">{t.since}</th>
                <th scope="col" className="number">
                  {t.failures}
                </th>
                <th scope="col">{t.lastFailure}</th>
                <th scope="col">{t.disables}</th>
              </tr>
            </thead>
            <tbody>
              {failing.map((one) => (
                <tr key={one.subscriptionId}>
                  <th scope="row">
                    <Link href={`/tenants/${one.tenantId}/webhooks/${one.subscriptionId}`}>{one.url}</Link>
                  </th>
                  <td data-label={t.tenant}>{one.tenantId}</td>
                  <td data-label={t.since}>
                    <Time at={one.since} />
                  </td>
                  <td className="number" data-label={t.failures}>
                    {one.failures}
                  </td>
                  <td data-label={t.lastFailure}>{one.lastFailure.message}</td>
                  <td data-label={t.disables}>{one.disablesAt === null ? '–' : <Time at={one.disablesAt} />}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
    </section>
  );
}

function Jobs() {
  const t = useTexts(systemTexts);
  const [params] = useSearchParams();
  const jobs = useJobs(params.get('cursor'));
  return (
    <section>
      <h2>{t.jobs}</h2>
      <p className="hint">{t.jobsHint}</p>
      {jobs.isError && <ErrorNote error={jobs.error} retry={jobs.refetch} />}
      {jobs.isPending && <Loading />}
      {jobs.data?.data.length === 0 && <p className="quiet">{t.noJobs}</p>}
      {jobs.data !== undefined && jobs.data.data.length > 0 && <JobTable jobs={jobs.data.data} />}
      <Paging nextCursor={jobs.data?.nextCursor ?? null} />
    </section>
  );
}
