import { useState } from 'react';
import { useLocation } from 'wouter';
import { useSubscriptionChanges } from '../api/subscriptions.ts';
import type { Secret, Subscription } from '../api/types.ts';
import { Button } from '../components/button.tsx';
import { Code } from '../components/code.tsx';
import { Dialog } from '../components/dialog.tsx';
import { ErrorNote } from '../components/error-note.tsx';
import { Loading } from '../components/loading.tsx';
import { Page } from '../components/page.tsx';
import { useMayChange } from '../session/session.tsx';
import { useTenantId } from '../session/tenant.ts';
import { useTexts } from '../texts/texts.ts';
import { webhookFormTexts } from '../texts/webhook-form.ts';
import { inputOf, newDraft } from '../webhook-form/draft.ts';
import { useProfileChoice } from '../webhook-form/use-profile-choice.ts';
import { WebhookForm } from '../webhook-form/webhook-form.tsx';
import { NotFoundPage } from './not-found.tsx';

export function NewWebhookPage() {
  const t = useTexts(webhookFormTexts);
  const tenantId = useTenantId();
  const mayChange = useMayChange();
  const { failed, isLoading, choices, defaultProfile } = useProfileChoice();
  const { create } = useSubscriptionChanges(tenantId);
  const [, navigate] = useLocation();
  const [made, setMade] = useState<(Subscription & Secret) | null>(null);
  const show = ({ id }: Subscription) => navigate(`/tenants/${tenantId}/webhooks/${id}`);
  // A choice without the default begins with its first.
  const first = choices.find(({ name }) => name === defaultProfile) ?? choices[0];
  if (!mayChange) return <NotFoundPage />;
  if (isLoading) return <Loading />;
  if (failed !== null) return <ErrorNote error={failed.error} retry={failed.refetch} />;
  return (
    <Page title={t.newTitle}>
      <WebhookForm
        tenantId={tenantId}
        first={newDraft(first?.name ?? defaultProfile)}
        isNew
        action={t.add}
        isBusy={create.isPending}
        error={create.error}
        onSubmit={(draft, choosesProfile) =>
          create.mutate(inputOf(draft, choosesProfile), {
            onSuccess: (one) => (one.secret === null ? show(one) : setMade(one)),
          })
        }
      />
      {made?.secret != null && (
        <Dialog title={t.secretTitle} description={t.secretIntro} onClose={() => show(made)}>
          <Code label={t.secret} text={made.secret} />
          <div className="actions">
            <Button look="main" onClick={() => show(made)}>
              {t.goOn}
            </Button>
          </div>
        </Dialog>
      )}
    </Page>
  );
}
