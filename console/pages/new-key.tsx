import { useState } from 'react';
import { useLocation } from 'wouter';
import { useApiKeyChanges } from '../api/api-keys.ts';
import type { ApiKeyInput } from '../api/types.ts';
import { Button } from '../components/button.tsx';
import { Code } from '../components/code.tsx';
import { Dialog } from '../components/dialog.tsx';
import { ErrorNote } from '../components/error-note.tsx';
import { Field, FieldGroup } from '../components/field.tsx';
import { readFieldErrors } from '../components/field-errors.ts';
import { NumberField, readNumber } from '../components/number-field.tsx';
import { Page } from '../components/page.tsx';
import { keysTexts } from '../texts/keys.ts';
import { useTexts } from '../texts/texts.ts';

const ROLES = ['publish', 'read', 'admin'] as const satisfies readonly ApiKeyInput['role'][];
const LIFETIME_DAYS = { forever: null, month: 30, quarter: 90, year: 365 } as const;
type Lifetime = keyof typeof LIFETIME_DAYS;
const LIFETIMES = Object.keys(LIFETIME_DAYS) as Lifetime[];
const FIELDS = ['/name', '/role', '/tenantId', '/maxPerSecond', '/expiresAt'];

export function NewKeyPage() {
  const t = useTexts(keysTexts);
  const { create } = useApiKeyChanges();
  const [, navigate] = useLocation();
  const [draft, setDraft] = useState({
    name: '',
    role: 'publish' as (typeof ROLES)[number],
    tenantId: '',
    lifetime: 'forever' as Lifetime,
    perSecond: '',
  });
  const [isTried, setTried] = useState(false);
  const change = (part: Partial<typeof draft>) => setDraft({ ...draft, ...part });
  const maxPerSecond = readNumber(draft.perSecond);
  const notNumber = isTried && Number.isNaN(maxPerSecond) ? t.notNumber : undefined;
  const errors = readFieldErrors(create.error, FIELDS);
  const submit = () => {
    setTried(true);
    if (Number.isNaN(maxPerSecond)) return;
    const { name, role, tenantId, lifetime } = draft;
    const days = LIFETIME_DAYS[lifetime];
    create.mutate({
      name,
      role,
      tenantId: tenantId === '' ? null : tenantId,
      maxPerSecond,
      expiresAt: days === null ? null : new Date(Date.now() + days * 86_400_000).toISOString(),
    });
  };
  const leave = () => navigate('/keys');
  return (
    <Page title={t.add}>
      <form
        className="form"
        noValidate
        onSubmit={(event) => {
          event.preventDefault();
          submit();
        }}
      >
        <Field label={t.name} hint={t.nameHint} error={errors.of('/name')}>
          {(control) => (
            <input {...control} value={draft.name} onChange={(event) => change({ name: event.target.value })} />
          )}
        </Field>
        <FieldGroup label={t.role} error={errors.of('/role')}>
          {ROLES.map((role) => (
            <label key={role} className="choice">
              <input type="radio" name="role" checked={draft.role === role} onChange={() => change({ role })} />
              <span>
                {t.roles[role]}
                <span className="quiet">{t.roleHints[role]}</span>
              </span>
            </label>
          ))}
        </FieldGroup>
        <Field label={t.tenant} hint={t.tenantHint} error={errors.of('/tenantId')} isOptional>
          {(control) => (
            <input
              {...control}
              autoComplete="off"
              spellCheck={false}
              value={draft.tenantId}
              onChange={(event) => change({ tenantId: event.target.value.trim() })}
            />
          )}
        </Field>
        <Field label={t.lifetime} error={errors.of('/expiresAt')}>
          {(control) => (
            <select
              {...control}
              className="short"
              value={draft.lifetime}
              onChange={(event) =>
                change({ lifetime: LIFETIMES.find((one) => one === event.target.value) ?? 'forever' })
              }
            >
              {LIFETIMES.map((one) => (
                <option key={one} value={one}>
                  {t.lifetimes[one]}
                </option>
              ))}
            </select>
          )}
        </Field>
        <NumberField
          label={t.perSecond}
          hint={t.perSecondHint}
          value={draft.perSecond}
          error={notNumber ?? errors.of('/maxPerSecond')}
          onChange={(perSecond) => change({ perSecond })}
        />
        {errors.hasOthers && <ErrorNote error={create.error} />}
        <div className="actions">
          <Button type="submit" look="main" isBusy={create.isPending}>
            {t.add}
          </Button>
        </div>
      </form>
      {create.data && (
        <Dialog title={t.madeTitle} description={t.madeDetail} onClose={leave}>
          <Code label={t.key} text={create.data.key} />
          <div className="actions">
            <Button look="main" onClick={leave}>
              {t.goOn}
            </Button>
          </div>
        </Dialog>
      )}
    </Page>
  );
}
