import { useState } from 'react';
import { useParams, useSearchParams } from 'wouter';
import { useJob, useJobCancelling } from '../api/jobs.ts';
import type { Job } from '../api/types.ts';
import { Button } from '../components/button.tsx';
import { Confirm } from '../components/confirm.tsx';
import { ErrorNote } from '../components/error-note.tsx';
import { JobProgress } from '../components/job-progress.tsx';
import { JobStatus } from '../components/job-status.tsx';
import { Link } from '../components/link.tsx';
import { Loading } from '../components/loading.tsx';
import { Page } from '../components/page.tsx';
import { Time } from '../components/time.tsx';
import { useJobTitle } from '../components/use-job-title.ts';
import { useMayChange, useSession } from '../session/session.tsx';
import { jobTexts } from '../texts/jobs.ts';
import { useLanguage, useTexts } from '../texts/texts.ts';

/** Long work of a tenant, or of the company: how far it is, and its end. */
export function JobPage() {
  const t = useTexts(jobTexts);
  const { caller } = useSession();
  const { tenantId: named, jobId = '' } = useParams();
  const tenantId = caller.tenantId ?? named ?? null;
  const [params] = useSearchParams();
  const found = useJob(tenantId, jobId);
  const mayChange = useMayChange();
  const titleOf = useJobTitle();
  if (found.data === undefined)
    return found.isError ? <ErrorNote error={found.error} retry={found.refetch} /> : <Loading />;
  const job = found.data;
  const expected = Number(params.get('of') ?? Number.NaN);
  return (
    <Page
      title={titleOf(job)}
      actions={mayChange && job.status === 'running' && <Cancel tenantId={tenantId} id={job.id} />}
    >
      {found.isError && <ErrorNote error={found.error} retry={found.refetch} />}
      <div className="under-title">
        <JobStatus job={job} />
      </div>
      <JobProgress job={job} expected={Number.isInteger(expected) ? expected : null} />
      <Facts job={job} />
      {job.status === 'running' && <p className="quiet">{t.reload}</p>}
    </Page>
  );
}

function Facts({ job: { tenantId, subscriptionId, filter, progress, createdAt, endedAt } }: { job: Job }) {
  const t = useTexts(jobTexts);
  const number = new Intl.NumberFormat(useLanguage());
  const { from, to, status, eventTypes, eventId } = filter;
  return (
    <dl className="facts">
      <dt>{t.done}</dt>
      <dd>{number.format(progress.done)}</dd>
      <dt>{t.failed}</dt>
      <dd>{number.format(progress.failed)}</dd>
      {subscriptionId !== null && (
        <>
          <dt>{t.webhook}</dt>
          <dd>
            <Link href={`/tenants/${tenantId}/webhooks/${subscriptionId}/deliveries`}>{t.openDeliveries}</Link>
          </dd>
        </>
      )}
      {typeof eventId === 'string' && (
        <>
          <dt>{t.event}</dt>
          <dd>
            <Link href={`/tenants/${tenantId}/events/${eventId}`} keepsText>
              <code>{eventId}</code>
            </Link>
          </dd>
        </>
      )}
      {typeof status === 'string' && (
        <>
          <dt>{t.which}</dt>
          <dd>{Object.entries(t.statuses).find(([name]) => name === status)?.[1] ?? status}</dd>
        </>
      )}
      {typeof from === 'string' && typeof to === 'string' && (
        <>
          <dt>{t.from}</dt>
          <dd>
            <Time at={from} />
          </dd>
          <dt>{t.to}</dt>
          <dd>
            <Time at={to} />
          </dd>
        </>
      )}
      {Array.isArray(eventTypes) && eventTypes.length > 0 && (
        <>
          <dt>{t.eventTypes}</dt>
          <dd>{eventTypes.join(', ')}</dd>
        </>
      )}
      <dt>{t.started}</dt>
      <dd>
        <Time at={createdAt} />
      </dd>
      {endedAt !== null && (
        <>
          <dt>{t.ended}</dt>
          <dd>
            <Time at={endedAt} />
          </dd>
        </>
      )}
    </dl>
  );
}

function Cancel({ tenantId, id }: { tenantId: string | null; id: string }) {
  const t = useTexts(jobTexts);
  const cancelling = useJobCancelling(tenantId);
  const [isAsked, setAsked] = useState(false);
  const close = () => setAsked(false);
  return (
    <>
      <Button look="danger" onClick={() => setAsked(true)}>
        {t.cancel}
      </Button>
      {isAsked && (
        <Confirm
          title={t.cancelTitle}
          description={t.cancelDetail}
          action={t.cancel}
          look="danger"
          change={cancelling}
          onConfirm={() => cancelling.mutate(id, { onSuccess: close })}
          onClose={close}
        />
      )}
    </>
  );
}
