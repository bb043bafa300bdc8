import { useState } from 'react';
import { Button } from '../components/button.tsx';
import { ErrorNote } from '../components/error-note.tsx';
import { Field } from '../components/field.tsx';
import { readFieldErrors } from '../components/field-errors.ts';
import { isPartial } from '../components/moment-field.tsx';
import { sharedTexts } from '../texts/shared.ts';
import { useTexts } from '../texts/texts.ts';
import { webhookFormTexts } from '../texts/webhook-form.ts';
import { type Draft, readDraft } from './draft.ts';
import { EventChoice } from './event-choice.tsx';
import { FilterField } from './filter-field.tsx';
import { HeadersField } from './headers-field.tsx';
import { UrlField } from './url-field.tsx';
import { useProfileChoice } from './use-profile-choice.ts';

interface WebhookFormProps {
  tenantId: string;
  first: Draft;
  /** A secret is given once, when the webhook is added. */
  isNew: boolean;
  action: string;
  isBusy: boolean;
  /** Of the last try; null: none. */
  error: unknown;
  onSubmit: (draft: Draft, choosesProfile: boolean) => void;
}

const FIELDS = [
  '/name',
  '/url',
  '/eventTypes',
  '/environment',
  '/profile',
  '/secret',
  '/headers',
  '/filter',
  '/maxPerSecond',
  '/expiresAt',
];

/** Adds or changes a webhook. What was typed stays, whatever the API says of it. */
export function WebhookForm({ tenantId, first, isNew, action, isBusy, error, onSubmit }: WebhookFormProps) {
  const t = useTexts(webhookFormTexts);
  const shared = useTexts(sharedTexts);
  const { choices, rulesOf } = useProfileChoice();
  const [draft, setDraft] = useState(first);
  const [isTried, setTried] = useState(false);
  // As it was when the form opened: a field that is emptied must not close it.
  const [hasMore] = useState(
    first.headers.length > 0 || first.filter !== '' || first.maxPerSecond !== '' || first.expiresAt !== '',
  );
  const [isEndPartial, setEndPartial] = useState(false);
  const set =
    <Key extends keyof Draft>(key: Key) =>
    (value: Draft[Key]) =>
      setDraft((before) => ({ ...before, [key]: value }));
  const errors = readFieldErrors(error, FIELDS);
  const read = readDraft(draft);
  const filterError = isTried && !read.filter.isJson ? t.filterNotJson : errors.of('/filter');
  const rateError = isTried && Number.isNaN(read.maxPerSecond) ? t.rateNotNumber : errors.of('/maxPerSecond');
  const rules = rulesOf(draft.profile);
  return (
    <form
      className="form"
      noValidate
      onSubmit={(event) => {
        event.preventDefault();
        setTried(true);
        const lacksPart = isPartial(event.currentTarget, 'expiresAt');
        setEndPartial(lacksPart);
        if (!isBusy && !lacksPart && read.filter.isJson && !Number.isNaN(read.maxPerSecond))
          onSubmit(draft, choices.length > 0);
      }}
    >
      <Field
        label={t.name}
        hint={t.nameHint}
        error={errors.of('/name')}
        isOptional={!rules?.requiredFields.includes('name')}
      >
        {(control) => <input {...control} value={draft.name} onChange={(event) => set('name')(event.target.value)} />}
      </Field>
      <UrlField
        tenantId={tenantId}
        value={draft.url}
        onChange={set('url')}
        profile={choices.length > 0 ? draft.profile : null}
        error={errors.of('/url')}
      />
      <EventChoice
        value={draft.eventTypes}
        onChange={set('eventTypes')}
        isSingle={rules?.eventTypes === 'one'}
        error={errors.of('/eventTypes')}
      />
      <Field label={t.environment} hint={t.environmentHint} error={errors.of('/environment')}>
        {(control) => (
          <select
            {...control}
            value={draft.environment}
            onChange={(event) =>
              set('environment')(event.target.value === 'development' ? 'development' : 'production')
            }
          >
            <option value="production">{shared.environments.production}</option>
            <option value="development">{shared.environments.development}</option>
          </select>
        )}
      </Field>
      {choices.length > 0 && (
        <Field label={t.profile} hint={t.profileHint} error={errors.of('/profile')}>
          {(control) => (
            <select {...control} value={draft.profile} onChange={(event) => set('profile')(event.target.value)}>
              {choices.map(({ name }) => (
                <option key={name} value={name}>
                  {name}
                </option>
              ))}
            </select>
          )}
        </Field>
      )}
      {isNew && rules?.secret !== 'none' && (
        <Field
          label={t.secret}
          hint={rules?.secret === 'optional' ? t.secretHintOptional : t.secretHint}
          error={errors.of('/secret')}
          isOptional
        >
          {(control) => (
            <input
              {...control}
              autoComplete="off"
              spellCheck={false}
              value={draft.secret}
              onChange={(event) => set('secret')(event.target.value)}
            />
          )}
        </Field>
      )}
      <details className="more" open={hasMore || undefined}>
        <summary>{t.more}</summary>
        <HeadersField value={draft.headers} onChange={set('headers')} error={errors.of('/headers')} />
        <FilterField
          tenantId={tenantId}
          value={draft.filter}
          onChange={set('filter')}
          eventTypes={draft.eventTypes}
          environment={draft.environment}
          error={filterError}
        />
        <Field label={t.rate} hint={t.rateHint} error={rateError} isOptional>
          {(control) => (
            <input
              {...control}
              inputMode="decimal"
              value={draft.maxPerSecond}
              onChange={(event) => set('maxPerSecond')(event.target.value)}
            />
          )}
        </Field>
        <Field
          label={t.ends}
          hint={t.endsHint}
          error={isEndPartial ? shared.noMoment : errors.of('/expiresAt')}
          isOptional
        >
          {(control) => (
            <input
              {...control}
              type="datetime-local"
              name="expiresAt"
              value={draft.expiresAt}
              onChange={(event) => set('expiresAt')(event.target.value)}
            />
          )}
        </Field>
      </details>
      {errors.hasOthers && <ErrorNote error={error} />}
      <div className="actions">
        <Button type="submit" look="main" isBusy={isBusy}>
          {action}
        </Button>
      </div>
    </form>
  );
}
