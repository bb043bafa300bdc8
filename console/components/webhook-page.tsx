import { type ReactNode, useState } from 'react';
import { useLocation, useParams } from 'wouter';
import { shownStatus } from '../api/shown-status.ts';
import { useSubscription, useSubscriptionChanges } from '../api/subscriptions.ts';
import type { Subscription } from '../api/types.ts';
import { useMayChange } from '../session/session.tsx';
import { useTenantId } from '../session/tenant.ts';
import { useTexts } from '../texts/texts.ts';
import { webhookTexts } from '../texts/webhook.ts';
import { Button } from './button.tsx';
import { Confirm } from './confirm.tsx';
import { ErrorNote } from './error-note.tsx';
import { Expiry } from './expiry.tsx';
import { Link } from './link.tsx';
import { Loading } from './loading.tsx';
import { Page } from './page.tsx';
import { SubscriptionStatus } from './subscription-status.tsx';
import { Tabs } from './tabs.tsx';

export type OneSubscription = Subscription & { etag: string | null };

/** What the pages of one webhook share: its name and status, what can be done with it, and the way between them. */
export function WebhookPage({ children }: { children: (subscription: OneSubscription) => ReactNode }) {
  const t = useTexts(webhookTexts);
  const tenantId = useTenantId();
  const { subscriptionId = '' } = useParams();
  const found = useSubscription(tenantId, subscriptionId);
  const mayChange = useMayChange();
  const base = `/tenants/${tenantId}/webhooks`;
  const own = `${base}/${subscriptionId}`;
  // A later failure is told, and leaves what is shown, and typed.
  if (found.data === undefined)
    return found.isError ? <ErrorNote error={found.error} retry={found.refetch} /> : <Loading />;
  const subscription = found.data;
  return (
    <>
      <Link href={base} className="back">
        ← {t.back}
      </Link>
      {found.isError && <ErrorNote error={found.error} retry={found.refetch} />}
      <Page title={subscription.name ?? t.untitled} actions={mayChange && <Actions subscription={subscription} />}>
        <p className="under-title">
          <SubscriptionStatus subscription={subscription} /> <code className="url">{subscription.url}</code>
          {subscription.expiresAt !== null && <Expiry at={subscription.expiresAt} />}
        </p>
        <Tabs
          label={t.tabsLabel}
          tabs={[
            { href: own, text: t.tabs.overview },
            { href: `${own}/deliveries`, text: t.tabs.deliveries },
            { href: `${own}/settings`, text: t.tabs.settings },
            { href: `${own}/security`, text: t.tabs.security },
            { href: `${own}/test`, text: t.tabs.test },
          ]}
        />
        {children(subscription)}
      </Page>
    </>
  );
}

function Actions({ subscription }: { subscription: Subscription }) {
  const { tenantId, id } = subscription;
  const status = shownStatus(subscription);
  const t = useTexts(webhookTexts);
  const { pause, resume, verify, remove } = useSubscriptionChanges(tenantId);
  const [, navigate] = useLocation();
  const [asked, setAsked] = useState<'pause' | 'resume' | 'verify' | 'remove' | null>(null);
  const [parked, setParked] = useState<'deliver' | 'discard'>('deliver');
  const close = () => setAsked(null);
  const done = { onSuccess: close };
  return (
    <>
      {status === 'active' && <Button onClick={() => setAsked('pause')}>{t.pause}</Button>}
      {(status === 'paused' || status === 'disabled') && (
        <Button look="main" onClick={() => setAsked('resume')}>
          {t.resume}
        </Button>
      )}
      {status === 'unverified' && (
        <Button look="main" onClick={() => setAsked('verify')}>
          {t.verify}
        </Button>
      )}
      <Button look="danger" onClick={() => setAsked('remove')}>
        {t.remove}
      </Button>
      {asked === 'pause' && (
        <Confirm
          title={t.pauseTitle}
          description={t.pauseDetail}
          action={t.pause}
          change={pause}
          onConfirm={() => pause.mutate(id, done)}
          onClose={close}
        />
      )}
      {asked === 'resume' && (
        <Confirm
          title={t.resumeTitle}
          description={t.resumeDetail}
          action={t.resume}
          change={resume}
          onConfirm={() => resume.mutate({ id, parked }, done)}
          onClose={close}
        >
          {(['deliver', 'discard'] as const).map((one) => (
            <label key={one} className="choice">
              <input type="radio" name="parked" checked={parked === one} onChange={() => setParked(one)} />
              <span>{t[one]}</span>
            </label>
          ))}
        </Confirm>
      )}
      {asked === 'verify' && (
        <Confirm
          title={t.verifyTitle}
          description={subscription.statusReason === null ? '' : t.verifyDetail(subscription.statusReason)}
          action={t.verifyAction}
          change={verify}
          onConfirm={() => verify.mutate(id, { onSuccess: (answered) => answered.status !== 'unverified' && close() })}
          onClose={() => {
            verify.reset();
            close();
          }}
        >
          <p role="status">{verify.data?.status === 'unverified' && !verify.isPending && t.notVerified}</p>
        </Confirm>
      )}
      {asked === 'remove' && (
        <Confirm
          title={t.removeTitle}
          description={t.removeDetail}
          action={t.remove}
          look="danger"
          change={remove}
          onConfirm={() => remove.mutate(id, { onSuccess: () => navigate(`/tenants/${tenantId}/webhooks`) })}
          onClose={close}
        />
      )}
    </>
  );
}
