import { useState } from 'react';
import { useLocation } from 'wouter';
import { useJob } from '../api/jobs.ts';
import { useRejectedEvents, useRepublishing } from '../api/rejected-events.ts';
import type { RejectedEvent } from '../api/types.ts';
import { Button } from '../components/button.tsx';
import { Code } from '../components/code.tsx';
import { Dialog } from '../components/dialog.tsx';
import { Empty } from '../components/empty.tsx';
import { ErrorNote } from '../components/error-note.tsx';
import { readFieldErrors } from '../components/field-errors.ts';
import { FilterSelect } from '../components/filter-select.tsx';
import { JobStatus } from '../components/job-status.tsx';
import { JsonField } from '../components/json-field.tsx';
import { Loading } from '../components/loading.tsx';
import { MomentField } from '../components/moment-field.tsx';
import { News } from '../components/news.tsx';
import { Page } from '../components/page.tsx';
import { Paging } from '../components/paging.tsx';
import { SearchField } from '../components/search-field.tsx';
import { StatusBadge } from '../components/status-badge.tsx';
import { Time, useTimeFormat } from '../components/time.tsx';
import { type Filters, useFilters } from '../components/use-filters.ts';
import { useLiveList } from '../components/use-live-list.ts';
import { layOutJson } from '../json/json-as-written.ts';
import { readJson } from '../json/read-json.ts';
import { useMayChange } from '../session/session.tsx';
import { rejectedTexts } from '../texts/rejected-events.ts';
import { sharedTexts } from '../texts/shared.ts';
import { useLanguage, useTexts } from '../texts/texts.ts';

const FILTERS = ['tenantId', 'code', 'from', 'to'] as const;
type RejectionFilters = Filters<(typeof FILTERS)[number]>;

export function RejectedEventsPage() {
  const t = useTexts(rejectedTexts);
  const mayChange = useMayChange();
  const filters = useFilters(FILTERS);
  const found = useRejectedEvents({ ...filters.values, cursor: filters.cursor });
  const { items, nextCursor, come, gone, showLatest } = useLiveList(
    JSON.stringify([filters.values, filters.cursor]),
    found.isPlaceholderData ? undefined : found.data,
  );
  const isEmpty = found.isSuccess && items.length === 0;
  const isWhole = !filters.isFiltered && filters.cursor === null;
  return (
    <Page title={t.title} actions={mayChange && items.length > 0 && <PublishRange filters={filters} />}>
      <p className="intro">{t.intro}</p>
      {(filters.isFiltered || items.length > 0) && <RejectionFilter key={filters.clearings} filters={filters} />}
      {found.isError && <ErrorNote error={found.error} retry={found.refetch} />}
      {found.isPending && <Loading />}
      {filters.cursor === null && <News come={come} gone={gone} onShow={showLatest} />}
      {isEmpty && isWhole && (
        <Empty title={t.empty}>
          <p>{t.emptyDetail}</p>
        </Empty>
      )}
      {isEmpty && !isWhole && (
        <Empty title={nextCursor === null ? t.noneFound : t.noneFoundYet}>
          <Button onClick={filters.clear}>{t.clear}</Button>
        </Empty>
      )}
      {items.length > 0 && (
        <ul className="cards">
          {items.map((one) => (
            <Rejected key={one.id} rejected={one} />
          ))}
        </ul>
      )}
      <Paging nextCursor={nextCursor} />
    </Page>
  );
}

function RejectionFilter({ filters: { values, set } }: { filters: RejectionFilters }) {
  const t = useTexts(rejectedTexts);
  return (
    <search className="filters many" aria-label={t.filters}>
      <SearchField label={t.tenant} value={values.tenantId ?? ''} onChange={(text) => set('tenantId', text.trim())} />
      <FilterSelect
        label={t.reason}
        all={t.all}
        value={values.code}
        options={Object.entries(t.codes)}
        onChange={(value) => set('code', value)}
      />
      <MomentField label={t.from} value={values.from} onChange={(at) => set('from', at)} />
      <MomentField label={t.to} value={values.to} onChange={(at) => set('to', at)} />
    </search>
  );
}

function Rejected({ rejected }: { rejected: RejectedEvent }) {
  const t = useTexts(rejectedTexts);
  const format = useTimeFormat();
  const mayChange = useMayChange();
  const { one } = useRepublishing();
  const [isCorrected, setCorrected] = useState(false);
  const { id, tenantId, rejectedAt, reason, body, bodyTruncated, republishedAt } = rejected;
  return (
    <li className="card">
      <div className="card-head">
        <StatusBadge tone="bad">{t.codes[reason.code]}</StatusBadge>
        <span>
          {t.tenant} <strong>{tenantId ?? t.noTenant}</strong>
        </span>
        <span className="quiet">
          <Time at={rejectedAt} />
        </span>
        {republishedAt !== null && <StatusBadge tone="ok">{t.republished(format(republishedAt))}</StatusBadge>}
        {mayChange && !bodyTruncated && (
          <>
            {!isCorrected && <Button onClick={() => setCorrected(true)}>{t.correct}</Button>}
            <Button isBusy={one.isPending} onClick={() => one.mutate({ id })}>
              {t.again}
            </Button>
          </>
        )}
      </div>
      <p>{reason.message}</p>
      {one.isError && <ErrorNote error={one.error} />}
      {isCorrected && <Correction rejected={rejected} onEnd={() => setCorrected(false)} />}
      <details className="more">
        <summary>{t.details}</summary>
        {reason.errors.length > 0 && (
          <table className="headers">
            <thead className="visually-hidden">
              <tr>
                <th scope="col">{t.place}</th>
                <th scope="col">{t.mistake}</th>
              </tr>
            </thead>
            <tbody>
              {reason.errors.map(({ path, message }) => (
                <tr key={`${path} ${message}`}>
                  <th scope="row">
                    <code>{path === '' ? '/' : path}</code>
                  </th>
                  <td>{message}</td>
                </tr>
              ))}
            </tbody>
          </table>
        )}
        <Code label={t.body} text={body} />
        {bodyTruncated && <p className="quiet">{t.truncated}</p>}
      </details>
    </li>
  );
}

/** The body to be corrected, and published instead of the one that came. */
function Correction({ rejected: { id, body }, onEnd }: { rejected: RejectedEvent; onEnd: () => void }) {
  const t = useTexts(rejectedTexts);
  const shared = useTexts(sharedTexts);
  const { one } = useRepublishing();
  const [text, setText] = useState(layOutJson(body));
  const [isTried, setTried] = useState(false);
  const read = readJson(text);
  const isWrong = isTried && !read.ok;
  const errors = readFieldErrors(one.error, ['/body']);
  return (
    <form
      className="form wide"
      noValidate
      onSubmit={(event) => {
        event.preventDefault();
        setTried(true);
        if (read.ok) one.mutate({ id, body: text }, { onSuccess: onEnd });
      }}
    >
      <JsonField
        label={t.corrected}
        hint={t.correctedHint}
        rows={12}
        value={text}
        error={isWrong ? t.notJson(read.line) : errors.of('/body')}
        wrongLines={isWrong ? [read.line] : []}
        onChange={setText}
      />
      {errors.hasOthers && <ErrorNote error={one.error} />}
      <div className="actions">
        <Button onClick={onEnd}>{shared.cancel}</Button>
        <Button type="submit" look="main" isBusy={one.isPending}>
          {t.publishCorrected}
        </Button>
      </div>
    </form>
  );
}

/** What the filters show, published again by a job, after another one has counted it. */
function PublishRange({ filters: { values } }: { filters: RejectionFilters }) {
  const t = useTexts(rejectedTexts);
  const shared = useTexts(sharedTexts);
  const number = new Intl.NumberFormat(useLanguage());
  const [, navigate] = useLocation();
  const [isAsked, setAsked] = useState(false);
  const { range: counting } = useRepublishing();
  const { range: publishing } = useRepublishing();
  const count = useJob(null, counting.data?.id ?? null);
  // What the address names and the API does not know, the API refuses in words.
  const code = values.code as RejectedEvent['reason']['code'] | null;
  const input = {
    from: values.from ?? new Date(0).toISOString(),
    ...(values.to === null ? {} : { to: values.to }),
    code,
  };
  const ask = () => {
    setAsked(true);
    if (values.tenantId === null) counting.mutate({ ...input, dryRun: true });
  };
  const close = () => {
    counting.reset();
    publishing.reset();
    setAsked(false);
  };
  const total = count.data?.status === 'done' ? count.data.progress.done : null;
  const isCounting = counting.isPending || count.isLoading || count.data?.status === 'running';
  const until = count.data?.filter.to;
  const publish = () =>
    publishing.mutate(
      { ...input, ...(typeof until === 'string' ? { to: until } : {}), dryRun: false },
      { onSuccess: (job) => navigate(`/jobs/${job.id}?of=${total}`) },
    );
  return (
    <>
      <Button onClick={ask}>{t.range}</Button>
      {isAsked && (
        <Dialog title={t.rangeTitle} description={t.rangeDetail} onClose={close}>
          <p role="status">
            {values.tenantId !== null && t.rangeNoTenant}
            {isCounting && t.counting}
            {total !== null && t.counted(number.format(total))}
          </p>
          {counting.isError && <ErrorNote error={counting.error} />}
          {count.isError && <ErrorNote error={count.error} retry={count.refetch} />}
          {count.data !== undefined && !isCounting && total === null && <JobStatus job={count.data} />}
          {publishing.isError && <ErrorNote error={publishing.error} />}
          <div className="actions">
            <Button onClick={close}>{shared.cancel}</Button>
            {total !== null && total > 0 && (
              <Button look="main" isBusy={publishing.isPending} onClick={publish}>
                {t.publish(number.format(total))}
              </Button>
            )}
          </div>
        </Dialog>
      )}
    </>
  );
}
