import { useState } from 'react';
import { useProfiles } from '../api/profiles.ts';
import type { Tenant, TenantInput } from '../api/types.ts';
import { Button } from '../components/button.tsx';
import { ErrorNote } from '../components/error-note.tsx';
import { Field } from '../components/field.tsx';
import { readFieldErrors } from '../components/field-errors.ts';
import { NumberField, readNumber } from '../components/number-field.tsx';
import { useSession } from '../session/session.tsx';
import { tenantsTexts } from '../texts/tenants.ts';
import { useTexts } from '../texts/texts.ts';
import { isTenantId } from './tenant-id.ts';

const FIELDS = ['/name', '/defaultProfile', '/defaultMaxPerSecond', '/defaultMaxConcurrent'];

interface TenantFormProps {
  /** Null for a new one, whose id is typed. */
  tenant: Tenant | null;
  action: string;
  isBusy: boolean;
  error: unknown;
  onSubmit: (id: string, input: TenantInput) => void;
}

/** A tenant's settings. Its metadata, which the company's own programs write, stay as they are. */
export function TenantForm({ tenant, action, isBusy, error, onSubmit }: TenantFormProps) {
  const t = useTexts(tenantsTexts);
  const { settings } = useSession();
  const profiles = useProfiles();
  const [draft, setDraft] = useState({
    id: tenant?.id ?? '',
    name: tenant?.name ?? '',
    profile: tenant?.defaultProfile ?? '',
    perSecond: tenant?.defaultMaxPerSecond?.toString() ?? '',
    concurrent: tenant?.defaultMaxConcurrent?.toString() ?? '',
  });
  const [isTried, setTried] = useState(false);
  const change = (part: Partial<typeof draft>) => setDraft({ ...draft, ...part });
  const numbers = { perSecond: readNumber(draft.perSecond), concurrent: readNumber(draft.concurrent) };
  const wrong = {
    id: isTenantId(draft.id) ? undefined : t.wrongId,
    perSecond: Number.isNaN(numbers.perSecond) ? t.notNumber : undefined,
    concurrent: Number.isNaN(numbers.concurrent) ? t.notNumber : undefined,
  };
  const errors = readFieldErrors(error, FIELDS);
  return (
    <form
      className="form"
      noValidate
      onSubmit={(event) => {
        event.preventDefault();
        setTried(true);
        if (Object.values(wrong).some((one) => one !== undefined)) return;
        onSubmit(draft.id, {
          name: draft.name === '' ? null : draft.name,
          metadata: tenant?.metadata ?? {},
          defaultProfile: draft.profile === '' ? null : draft.profile,
          defaultMaxPerSecond: numbers.perSecond,
          defaultMaxConcurrent: numbers.concurrent,
        });
      }}
    >
      {tenant === null && (
        <Field label={t.id} hint={t.idHint} error={isTried ? wrong.id : undefined}>
          {(control) => (
            <input
              {...control}
              autoComplete="off"
              spellCheck={false}
              value={draft.id}
              onChange={(event) => change({ id: event.target.value.trim() })}
            />
          )}
        </Field>
      )}
      <Field label={t.name} error={errors.of('/name')} isOptional>
        {(control) => (
          <input {...control} value={draft.name} onChange={(event) => change({ name: event.target.value })} />
        )}
      </Field>
      <Field label={t.defaultProfile} hint={t.defaultProfileHint} error={errors.of('/defaultProfile')}>
        {(control) => (
          <select {...control} value={draft.profile} onChange={(event) => change({ profile: event.target.value })}>
            <option value="">{t.asDeployment(settings.defaultProfile)}</option>
            {namesOf(profiles.data, draft.profile).map((name) => (
              <option key={name} value={name}>
                {name}
              </option>
            ))}
          </select>
        )}
      </Field>
      <NumberField
        label={t.perSecond}
        hint={t.perSecondHint}
        value={draft.perSecond}
        error={(isTried ? wrong.perSecond : undefined) ?? errors.of('/defaultMaxPerSecond')}
        onChange={(perSecond) => change({ perSecond })}
      />
      <NumberField
        label={t.concurrent}
        hint={t.concurrentHint}
        value={draft.concurrent}
        error={(isTried ? wrong.concurrent : undefined) ?? errors.of('/defaultMaxConcurrent')}
        onChange={(concurrent) => change({ concurrent })}
      />
      {errors.hasOthers && <ErrorNote error={error} />}
      <div className="actions">
        <Button type="submit" look="main" isBusy={isBusy}>
          {action}
        </Button>
      </div>
    </form>
  );
}

/** The chosen one is among them, also before they are loaded. */
function namesOf(profiles: readonly { name: string }[] | undefined, chosen: string): string[] {
  const names = (profiles ?? []).map(({ name }) => name);
  return chosen === '' || names.includes(chosen) ? names : [...names, chosen];
}
