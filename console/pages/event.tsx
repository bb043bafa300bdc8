import { useState } from 'react';
import { useLocation, useParams, useSearchParams } from 'wouter';
import { ApiProblem } from '../api/client.ts';
import { useEvent, useEventChanges, useEventRecipients } from '../api/events.ts';
import type { Event, EventRecipient } from '../api/types.ts';
import { Button, ButtonLink } from '../components/button.tsx';
import { JsonCode } from '../components/code.tsx';
import { Confirm } from '../components/confirm.tsx';
import { DeliveryStatus } from '../components/delivery-status.tsx';
import { Empty } from '../components/empty.tsx';
import { ErrorNote } from '../components/error-note.tsx';
import { Link } from '../components/link.tsx';
import { Loading } from '../components/loading.tsx';
import { Page } from '../components/page.tsx';
import { Paging } from '../components/paging.tsx';
import { StatusBadge } from '../components/status-badge.tsx';
import { Time } from '../components/time.tsx';
import { useMayChange, useSession } from '../session/session.tsx';
import { useTenantId } from '../session/tenant.ts';
import { eventTexts } from '../texts/events.ts';
import { filterTexts } from '../texts/filter.ts';
import { sharedTexts } from '../texts/shared.ts';
import { useTexts } from '../texts/texts.ts';

export function EventPage() {
  const t = useTexts(eventTexts);
  const tenantId = useTenantId();
  const { eventId = '' } = useParams();
  const [params] = useSearchParams();
  const isArriving = params.has('published');
  const found = useEvent(tenantId, eventId, isArriving);
  const mayChange = useMayChange();
  if (found.data === undefined) {
    if (found.isPending) return isArriving ? <p role="status">{t.arriving}</p> : <Loading />;
    const isAbsent = found.error instanceof ApiProblem && found.error.problem.status === 404;
    return isArriving && isAbsent ? (
      <NotThere tenantId={tenantId} />
    ) : (
      <ErrorNote error={found.error} retry={found.refetch} />
    );
  }
  const event = found.data;
  return (
    <>
      <Link href={`/tenants/${tenantId}/events`} className="back">
        ← {t.back}
      </Link>
      <Page title={event.type} actions={mayChange && event.data !== null && <SendToAll event={event} />}>
        <Facts event={event} />
        <Recipients event={event} />
        <section>
          <h2>{t.data}</h2>
          {event.data === null ? <p className="quiet">{t.expunged}</p> : <JsonCode label={t.data} text={event.data} />}
        </section>
      </Page>
    </>
  );
}

function NotThere({ tenantId }: { tenantId: string }) {
  const t = useTexts(eventTexts);
  const { caller } = useSession();
  return (
    <Empty title={t.noneFound}>
      <p>{t.notThere}</p>
      <ButtonLink look="main" href={`/tenants/${tenantId}/new-event`}>
        {t.publish}
      </ButtonLink>
      {caller.tenantId === null && <Link href={`/rejected-events?tenantId=${tenantId}`}>{t.toRejected}</Link>}
    </Empty>
  );
}

function Facts({ event: { id, environment, occurredAt, acceptedAt } }: { event: Event }) {
  const t = useTexts(eventTexts);
  const { environments } = useTexts(sharedTexts);
  return (
    <dl className="facts">
      <dt>{t.id}</dt>
      <dd>
        <code>{id}</code>
      </dd>
      <dt>{t.environment}</dt>
      <dd>{environments[environment]}</dd>
      <dt>{t.occurred}</dt>
      <dd>
        <Time at={occurredAt} />
      </dd>
      <dt>{t.accepted}</dt>
      <dd>
        <Time at={acceptedAt} />
      </dd>
    </dl>
  );
}

/** Every webhook of the tenant: its delivery, or why there is none. */
function Recipients({ event: { id, tenantId } }: { event: Event }) {
  const t = useTexts(eventTexts);
  const [params] = useSearchParams();
  const found = useEventRecipients(tenantId, id, params.get('cursor'));
  return (
    <section>
      <h2>{t.recipients}</h2>
      {found.isError && <ErrorNote error={found.error} retry={found.refetch} />}
      {found.isPending && <Loading />}
      {found.data?.data.length === 0 && <p className="quiet">{t.noWebhooks}</p>}
      {found.data !== undefined && found.data.data.length > 0 && (
        <div className="table">
          <table>
            <thead>
              <tr>
                <th scope="col">{t.webhook}</th>
                <th scope="col">{t.outcome}</th>
              </tr>
            </thead>
            <tbody>
              {found.data.data.map((one) => (
                <tr key={one.subscriptionId}>
                  <th scope="row">
                    <Link href={`/tenants/${tenantId}/webhooks/${one.subscriptionId}`}>{one.name ?? one.url}</Link>
                    {one.name !== null && <span className="url">{one.url}</span>}
                  </th>
                  <td data-label={t.outcome}>
                    <Became recipient={one} tenantId={tenantId} />
                  </td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
      <Paging nextCursor={found.data?.nextCursor ?? null} />
    </section>
  );
}

function Became({
  recipient: { delivery, reason, changedSince },
  tenantId,
}: {
  recipient: EventRecipient;
  tenantId: string;
}) {
  const t = useTexts(eventTexts);
  const { missed } = useTexts(filterTexts);
  if (delivery !== null)
    return (
      <div className="words">
        <DeliveryStatus delivery={delivery} />
        <Link href={`/tenants/${tenantId}/deliveries/${delivery.id}`}>{t.seeDelivery}</Link>
      </div>
    );
  if (reason === null) return null;
  return (
    <>
      <StatusBadge tone="idle">{t.notSent}</StatusBadge> {t.reasons[reason.code]}
      {reason.code === 'filter' && <span className="quiet under">{missed(reason.message, reason.mismatch)}</span>}
      {changedSince && <span className="quiet under">{t.changedSince}</span>}
    </>
  );
}

/** By a job, whose page says how far it is. */
function SendToAll({ event: { id, tenantId } }: { event: Event }) {
  const t = useTexts(eventTexts);
  const { replay } = useEventChanges(tenantId);
  const [, navigate] = useLocation();
  const [isAsked, setAsked] = useState(false);
  const close = () => setAsked(false);
  return (
    <>
      <Button onClick={() => setAsked(true)}>{t.sendToAll}</Button>
      {isAsked && (
        <Confirm
          title={t.sendTitle}
          description={t.sendDetail}
          action={t.sendTo}
          change={replay}
          onConfirm={() =>
            replay.mutate({ id }, { onSuccess: (job) => navigate(`/tenants/${tenantId}/jobs/${job.id}`) })
          }
          onClose={close}
        />
      )}
    </>
  );
}
