import { useState } from 'react';
import { useSearchParams } from 'wouter';
import { useKeys } from '../api/keys.ts';
import { useProfiles } from '../api/profiles.ts';
import type { Profile, Secret, Subscription } from '../api/types.ts';
import { Button } from '../components/button.tsx';
import { Code } from '../components/code.tsx';
import { Confirm } from '../components/confirm.tsx';
import { ErrorNote } from '../components/error-note.tsx';
import { Field } from '../components/field.tsx';
import { Loading } from '../components/loading.tsx';
import { StatusBadge } from '../components/status-badge.tsx';
import { useTimeFormat } from '../components/time.tsx';
import { WebhookPage } from '../components/webhook-page.tsx';
import { useMayChange } from '../session/session.tsx';
import { SNIPPET_LANGUAGES, SNIPPETS } from '../snippets/snippets.ts';
import { planVerification } from '../snippets/verification-plan.ts';
import { securityTexts } from '../texts/security.ts';
import { useTexts } from '../texts/texts.ts';

export function WebhookSecurityPage() {
  return <WebhookPage>{(subscription) => <Security key={subscription.id} subscription={subscription} />}</WebhookPage>;
}

function Security({ subscription }: { subscription: Subscription }) {
  const t = useTexts(securityTexts);
  const profiles = useProfiles();
  if (profiles.isError) return <ErrorNote error={profiles.error} retry={profiles.refetch} />;
  if (profiles.isPending) return <Loading />;
  const document = profiles.data.find(({ name }) => name === subscription.profile)?.document;
  if (document === undefined) return null;
  if (document.signatures.length === 0)
    return (
      <section className="panel">
        <StatusBadge tone="idle">{t.unsigned}</StatusBadge>
        <p>{t.unsignedDetail}</p>
      </section>
    );
  const isOfTenant = document.signatures.every(({ key }) => key === 'tenant');
  return (
    <>
      <Keys subscription={subscription} isOfTenant={isOfTenant} canOverlap={canOverlap(document)} />
      <VerifyingCode document={document} subscription={subscription} />
    </>
  );
}

/** Where a header has room for one signature only, a rotation takes effect at once. */
function canOverlap({ signatures }: Profile['document']): boolean {
  return signatures.some(({ key, separator }) => key === 'subscription' && separator !== null);
}

interface KeysProps {
  subscription: Subscription;
  isOfTenant: boolean;
  canOverlap: boolean;
}

/** The secret: hidden until it is asked for, and replaced here. */
function Keys({ subscription, isOfTenant, canOverlap }: KeysProps) {
  const { tenantId, id, previousSecretEndsAt, signatureVersions } = subscription;
  const t = useTexts(securityTexts);
  const format = useTimeFormat();
  const mayChange = useMayChange();
  const { reveal, rotate } = useKeys({ tenantId, subscriptionId: isOfTenant ? null : id });
  const [shown, setShown] = useState<Secret | null>(null);
  const [isAsked, setAsked] = useState(false);
  const [overlapSeconds, setOverlapSeconds] = useState(86_400);
  const isPublic = !isOfTenant && signatureVersions.every((version) => version === 'v1a');
  const [title, intro] = isOfTenant
    ? [t.key, t.keyIntro]
    : isPublic
      ? [t.publicKey, t.publicKeyIntro]
      : [t.secret, t.secretIntro];
  const action = isOfTenant ? t.regenerate : t.rotate;
  const close = () => setAsked(false);
  const isOverlapping = previousSecretEndsAt !== null && Date.parse(previousSecretEndsAt) > Date.now();
  return (
    <section className="panel">
      <h2>{title}</h2>
      <p>{intro}</p>
      {!mayChange && <p className="quiet">{t.readOnly}</p>}
      {isOverlapping && (
        <p>
          <StatusBadge tone="warn">{t.previous(format(previousSecretEndsAt))}</StatusBadge>
        </p>
      )}
      {shown !== null && <ShownKeys keys={shown} label={isOfTenant ? t.key : t.secret} />}
      {reveal.isError && <ErrorNote error={reveal.error} />}
      {mayChange && (
        <div className="actions">
          {shown === null ? (
            <Button
              isBusy={reveal.isPending}
              title={t.revealHint}
              onClick={() => reveal.mutate(undefined, { onSuccess: setShown })}
            >
              {t.reveal}
            </Button>
          ) : (
            <Button onClick={() => setShown(null)}>{t.hide}</Button>
          )}
          <Button onClick={() => setAsked(true)}>{action}</Button>
        </div>
      )}
      {isAsked && (
        <Confirm
          title={isOfTenant ? t.regenerateTitle : isPublic ? t.rotatePublicTitle : t.rotateTitle}
          description={isOfTenant ? t.regenerateDetail : canOverlap ? t.rotateDetail : t.rotateNow}
          action={action}
          change={rotate}
          onConfirm={() =>
            rotate.mutate(canOverlap ? { overlapSeconds } : {}, {
              onSuccess: (keys) => {
                setShown(keys);
                // What it gave is kept nowhere else.
                rotate.reset();
                close();
              },
            })
          }
          onClose={close}
        >
          {canOverlap && (
            <Field label={t.overlap}>
              {(control) => (
                <select
                  {...control}
                  value={overlapSeconds}
                  onChange={(event) => setOverlapSeconds(Number(event.target.value))}
                >
                  {Object.entries(t.overlaps).map(([seconds, text]) => (
                    <option key={seconds} value={seconds}>
                      {text}
                    </option>
                  ))}
                </select>
              )}
            </Field>
          )}
        </Confirm>
      )}
    </section>
  );
}

function ShownKeys({ keys, label }: { keys: Secret; label: string }) {
  const t = useTexts(securityTexts);
  return (
    <div className="plain" role="status">
      {keys.secret === null && keys.publicKey === null && <p>{t.noSecret}</p>}
      {keys.secret !== null && <Code label={label} text={keys.secret} />}
      {keys.publicKey !== null && <Code label={t.publicKey} text={keys.publicKey} />}
    </div>
  );
}

/** Code for the webhook's own profile, in the language that the address names. */
function VerifyingCode({ document, subscription }: { document: Profile['document']; subscription: Subscription }) {
  const t = useTexts(securityTexts);
  const [params, setParams] = useSearchParams();
  const language = SNIPPET_LANGUAGES.find((one) => one === params.get('code')) ?? 'node';
  const plan = planVerification(document, subscription);
  if (plan === 'unsigned') return null;
  const text = plan === 'other' ? null : SNIPPETS[language].write(plan);
  return (
    <section className="panel">
      <h2>{t.code}</h2>
      {plan === 'other' ? (
        <p>{t.other}</p>
      ) : (
        <>
          <p>{plan.algorithm === 'ed25519' ? t.publicCodeIntro(plan.header) : t.codeIntro(plan.header)}</p>
          <fieldset className="segments">
            <legend className="visually-hidden">{t.language}</legend>
            {SNIPPET_LANGUAGES.map((one) => (
              <label key={one}>
                <input
                  type="radio"
                  name="code"
                  checked={one === language}
                  onChange={() => setParams({ code: one }, { replace: true })}
                />
                <span>{SNIPPETS[one].name}</span>
              </label>
            ))}
          </fieldset>
          {text === null ? (
            <p role="status">{t.noLibrary(SNIPPETS[language].name)}</p>
          ) : (
            <Code label={SNIPPETS[language].name} text={text} />
          )}
        </>
      )}
    </section>
  );
}
