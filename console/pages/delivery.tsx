import { useState } from 'react';
import { useParams } from 'wouter';
import { useDelivery, useDeliveryChanges } from '../api/deliveries.ts';
import type { Delivery } from '../api/types.ts';
import { AttemptDetails } from '../components/attempt-details.tsx';
import { Button } from '../components/button.tsx';
import { Confirm } from '../components/confirm.tsx';
import { DeliveryReason } from '../components/delivery-reason.tsx';
import { DeliveryStatus } from '../components/delivery-status.tsx';
import { ErrorNote } from '../components/error-note.tsx';
import { Icon } from '../components/icon.tsx';
import { Link } from '../components/link.tsx';
import { Loading } from '../components/loading.tsx';
import { Page } from '../components/page.tsx';
import { Time, useTimeFormat } from '../components/time.tsx';
import { useMayChange } from '../session/session.tsx';
import { useTenantId } from '../session/tenant.ts';
import { deliveryPageTexts } from '../texts/delivery.ts';
import { useTexts } from '../texts/texts.ts';

export function DeliveryPage() {
  const t = useTexts(deliveryPageTexts);
  const tenantId = useTenantId();
  const { deliveryId = '' } = useParams();
  const found = useDelivery(tenantId, deliveryId);
  const mayChange = useMayChange();
  // A later failure is told, and leaves what is shown.
  if (found.data === undefined)
    return found.isError ? <ErrorNote error={found.error} retry={found.refetch} /> : <Loading />;
  const delivery = found.data;
  return (
    <>
      <Link href={`/tenants/${tenantId}/webhooks/${delivery.subscriptionId}/deliveries`} className="back">
        ← {t.back}
      </Link>
      {found.isError && <ErrorNote error={found.error} retry={found.refetch} />}
      <Page title={delivery.eventType} actions={mayChange && <Actions delivery={delivery} />}>
        <Outcome delivery={delivery} />
        <Facts delivery={delivery} />
        <Timeline delivery={delivery} />
      </Page>
    </>
  );
}

function Outcome({ delivery }: { delivery: Delivery }) {
  return (
    <p className="under-title">
      <DeliveryStatus delivery={delivery} />
      {delivery.statusReason !== null && <DeliveryReason reason={delivery.statusReason} />}
    </p>
  );
}

function Facts({
  delivery: { id, tenantId, eventId, subscriptionId, createdAt, completedAt, profile },
}: {
  delivery: Delivery;
}) {
  const t = useTexts(deliveryPageTexts);
  return (
    <dl className="facts">
      <dt>{t.event}</dt>
      <dd>
        <Link href={`/tenants/${tenantId}/events/${eventId}`} keepsText>
          <code>{eventId}</code>
        </Link>
      </dd>
      <dt>{t.webhook}</dt>
      <dd>
        <Link href={`/tenants/${tenantId}/webhooks/${subscriptionId}`}>{t.openWebhook}</Link>
      </dd>
      <dt>{t.created}</dt>
      <dd>
        <Time at={createdAt} />
      </dd>
      {completedAt !== null && (
        <>
          <dt>{t.completed}</dt>
          <dd>
            <Time at={completedAt} />
          </dd>
        </>
      )}
      <dt>{t.profile}</dt>
      <dd>{profile}</dd>
      <dt>{t.id}</dt>
      <dd>
        <code>{id}</code>
      </dd>
    </dl>
  );
}

function Timeline({ delivery }: { delivery: Delivery }) {
  const t = useTexts(deliveryPageTexts);
  const format = useTimeFormat({ second: '2-digit' });
  const { attempts, nextAttemptAt } = delivery;
  // Those that come while the page is open stay closed, so that nothing moves under the reader.
  const [openFirst] = useState(attempts.at(-1)?.id);
  return (
    <section>
      <h2>{t.attempts}</h2>
      <ol className="timeline">
        {attempts.map((attempt) => (
          <AttemptDetails
            key={attempt.id}
            delivery={delivery}
            attempt={attempt}
            isOpenFirst={attempt.id === openFirst}
          />
        ))}
        <li className="step step-next">
          {nextAttemptAt !== null && <Icon name="clock" />}
          {nextAttemptAt !== null ? t.next(format(nextAttemptAt)) : attempts.length === 0 ? t.noAttempts : t.noNext}
        </li>
      </ol>
    </section>
  );
}

function Actions({ delivery: { id, tenantId, status } }: { delivery: Delivery }) {
  const t = useTexts(deliveryPageTexts);
  const { retry, cancel } = useDeliveryChanges(tenantId);
  const [isAsked, setAsked] = useState(false);
  const close = () => setAsked(false);
  return (
    <>
      <Button look="main" isBusy={retry.isPending} onClick={() => retry.mutate(id)}>
        {t.sendAgain}
      </Button>
      {(status === 'pending' || status === 'parked') && <Button onClick={() => setAsked(true)}>{t.cancel}</Button>}
      <div role="status" className="said">
        {retry.isSuccess && t.sent}
      </div>
      {retry.isError && <ErrorNote error={retry.error} />}
      {isAsked && (
        <Confirm
          title={t.cancelTitle}
          description={t.cancelDetail}
          action={t.cancel}
          look="danger"
          change={cancel}
          onConfirm={() => cancel.mutate(id, { onSuccess: close })}
          onClose={close}
        />
      )}
    </>
  );
}
