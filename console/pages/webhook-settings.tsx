import { useState } from 'react';
import { ApiProblem } from '../api/client.ts';
import { etagToSave } from '../api/etag-to-save.ts';
import { useSubscriptionChanges } from '../api/subscriptions.ts';
import { Loading } from '../components/loading.tsx';
import { StatusBadge } from '../components/status-badge.tsx';
import { type OneSubscription, WebhookPage } from '../components/webhook-page.tsx';
import { useMayChange } from '../session/session.tsx';
import { useTexts } from '../texts/texts.ts';
import { webhookFormTexts } from '../texts/webhook-form.ts';
import { draftOf, patchOf } from '../webhook-form/draft.ts';
import { useProfileChoice } from '../webhook-form/use-profile-choice.ts';
import { WebhookForm } from '../webhook-form/webhook-form.tsx';

export function WebhookSettingsPage() {
  return <WebhookPage>{(subscription) => <Settings key={subscription.id} current={subscription} />}</WebhookPage>;
}

/** Works on the webhook as it was when the page opened, so that what is typed is never replaced from behind. */
function Settings({ current }: { current: OneSubscription }) {
  const t = useTexts(webhookFormTexts);
  const mayChange = useMayChange();
  const [before, setBefore] = useState(current);
  const { update } = useSubscriptionChanges(before.tenantId);
  const { isLoading } = useProfileChoice();
  if (isLoading) return <Loading />;
  const isOutdated = update.error instanceof ApiProblem && update.error.problem.code === 'precondition_failed';
  return (
    <fieldset className="plain" disabled={!mayChange}>
      <WebhookForm
        tenantId={before.tenantId}
        first={draftOf(before)}
        isNew={false}
        action={t.save}
        isBusy={update.isPending}
        error={isOutdated ? null : update.error}
        onSubmit={(draft, choosesProfile) =>
          update.mutate(
            {
              id: before.id,
              patch: patchOf(draft, before, choosesProfile),
              etag: etagToSave(before, current, draftOf),
            },
            { onSuccess: setBefore },
          )
        }
      />
      <div role="status">
        {update.isSuccess && <StatusBadge tone="ok">{t.saved}</StatusBadge>}
        {isOutdated && <StatusBadge tone="bad">{t.changedMeanwhile}</StatusBadge>}
      </div>
    </fieldset>
  );
}
