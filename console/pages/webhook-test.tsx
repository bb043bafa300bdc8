import { useState } from 'react';
import { useEventTypes } from '../api/event-types.ts';
import { shownStatus } from '../api/shown-status.ts';
import { useSubscriptionTest, useTestDelivery } from '../api/tests.ts';
import type { Delivery, Subscription } from '../api/types.ts';
import { Button } from '../components/button.tsx';
import { DeliveryReason } from '../components/delivery-reason.tsx';
import { ErrorNote } from '../components/error-note.tsx';
import { Field } from '../components/field.tsx';
import { readFieldErrors } from '../components/field-errors.ts';
import { Link } from '../components/link.tsx';
import { StatusBadge } from '../components/status-badge.tsx';
import { TestOutcome } from '../components/test-outcome.tsx';
import { WebhookPage } from '../components/webhook-page.tsx';
import { isReceived } from '../event-types/is-received.ts';
import { useMayChange } from '../session/session.tsx';
import { useTexts } from '../texts/texts.ts';
import { webhookTexts } from '../texts/webhook.ts';
import { webhookTestTexts } from '../texts/webhook-test.ts';

export function WebhookTestPage() {
  return <WebhookPage>{(subscription) => <Test key={subscription.id} subscription={subscription} />}</WebhookPage>;
}

function Test({ subscription }: { subscription: Subscription }) {
  const t = useTexts(webhookTestTexts);
  const mayChange = useMayChange();
  const { inactive } = useTexts(webhookTexts);
  const { tenantId, id } = subscription;
  const status = shownStatus(subscription);
  const test = useSubscriptionTest(tenantId, id);
  const [sent, setSent] = useState<Delivery | null>(null);
  const [eventType, setEventType] = useState('');
  const types = useEventTypes().data ?? [];
  const errors = readFieldErrors(test.error, ['/eventType']);
  return (
    <section className="panel">
      <p>{t.intro}</p>
      {status !== 'active' && <StatusBadge tone="pause">{inactive[status]}</StatusBadge>}
      <form
        className="row"
        onSubmit={(event) => {
          event.preventDefault();
          if (!test.isPending) test.mutate(eventType === '' ? {} : { eventType }, { onSuccess: setSent });
        }}
      >
        <Field label={t.event} hint={t.eventHint} error={errors.of('/eventType')}>
          {(control) => (
            <select {...control} value={eventType} onChange={(event) => setEventType(event.target.value)}>
              <option value="">{t.usual}</option>
              {types
                // What has no example cannot be sent.
                .filter(({ name, example }) => example !== null && isReceived(name, subscription.eventTypes))
                .map(({ name }) => (
                  <option key={name} value={name}>
                    {name}
                  </option>
                ))}
            </select>
          )}
        </Field>
        <Button type="submit" look="main" disabled={!mayChange || status !== 'active'} isBusy={test.isPending}>
          {t.send}
        </Button>
      </form>
      {errors.hasOthers && <ErrorNote error={test.error} />}
      <div role="status">{sent !== null && <Outcome key={sent.id} sent={sent} />}</div>
    </section>
  );
}

function Outcome({ sent }: { sent: Delivery }) {
  const t = useTexts(webhookTestTexts);
  const found = useTestDelivery(sent.tenantId, sent);
  const attempt = found.data?.attempts.at(-1);
  const reason = found.data?.statusReason;
  if (found.isError) return <ErrorNote error={found.error} retry={found.refetch} />;
  if (attempt === undefined)
    return (
      <p className="loading">
        <span className="spinner" aria-hidden="true" />
        {reason ? <DeliveryReason reason={reason} /> : t.sending}
      </p>
    );
  return (
    <>
      <h2>{t.sent(sent.eventType)}</h2>
      <TestOutcome result={attempt} />
      <p>
        <Link href={`/tenants/${sent.tenantId}/deliveries/${sent.id}`}>{t.open}</Link>
      </p>
    </>
  );
}
