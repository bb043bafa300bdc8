import { type FormEvent, useState } from 'react';
import { useLocation } from 'wouter';
import { useEventTypes } from '../api/event-types.ts';
import { useEventChanges } from '../api/events.ts';
import { Button } from '../components/button.tsx';
import { ErrorNote } from '../components/error-note.tsx';
import { Field, FieldGroup } from '../components/field.tsx';
import { readFieldErrors } from '../components/field-errors.ts';
import { JsonField } from '../components/json-field.tsx';
import { Link } from '../components/link.tsx';
import { Loading } from '../components/loading.tsx';
import { Page } from '../components/page.tsx';
import { JsonText, layOutJson } from '../json/json-as-written.ts';
import { readJson } from '../json/read-json.ts';
import { useMayChange } from '../session/session.tsx';
import { useTenantId } from '../session/tenant.ts';
import { eventTexts } from '../texts/events.ts';
import { sharedTexts } from '../texts/shared.ts';
import { useTexts } from '../texts/texts.ts';

const ENVIRONMENTS = ['production', 'development'] as const;
const OWN = '';

/** An event by hand, from the example of its type. */
export function NewEventPage() {
  const t = useTexts(eventTexts);
  const shared = useTexts(sharedTexts);
  const tenantId = useTenantId();
  const mayChange = useMayChange();
  const [, navigate] = useLocation();
  const { publish } = useEventChanges(tenantId);
  const eventTypes = useEventTypes();
  const [chosen, setChosen] = useState<string | null>(null);
  const [own, setOwn] = useState('');
  const [environment, setEnvironment] = useState<(typeof ENVIRONMENTS)[number]>('production');
  const [data, setData] = useState('{}');
  const [isChecked, setChecked] = useState(false);
  const known = (eventTypes.data ?? []).filter(({ archived }) => !archived);
  const type = chosen === null || chosen === OWN ? own.trim() : chosen;
  const read = readJson(data);
  const errors = readFieldErrors(publish.error, ['/type', '/data']);
  const choose = (name: string) => {
    setChosen(name);
    const example = known.find((one) => one.name === name)?.example ?? null;
    if (example !== null) setData(layOutJson(example));
  };
  const submit = (event: FormEvent) => {
    event.preventDefault();
    setChecked(true);
    if (type === '' || !read.ok) return;
    publish.mutate(
      { type, environment, data: new JsonText(data) },
      { onSuccess: ({ data: [made] }) => navigate(`/tenants/${tenantId}/events/${made?.id}?published`) },
    );
  };
  if (eventTypes.isPending) return <Loading />;
  return (
    <>
      <Link href={`/tenants/${tenantId}/events`} className="back">
        ← {t.back}
      </Link>
      <Page title={t.newTitle}>
        <fieldset className="plain" disabled={!mayChange}>
          <form className="form" onSubmit={submit} noValidate>
            <p className="quiet">{t.newHint}</p>
            {known.length > 0 && (
              <Field label={t.type} error={isChecked && chosen === null ? t.noType : errors.of('/type')}>
                {(control) => (
                  <select {...control} value={chosen ?? 'none'} onChange={(event) => choose(event.target.value)}>
                    {chosen === null && <option value="none">{t.choose}</option>}
                    {known.map(({ name }) => (
                      <option key={name} value={name}>
                        {name}
                      </option>
                    ))}
                    <option value={OWN}>{t.ownType}</option>
                  </select>
                )}
              </Field>
            )}
            {(known.length === 0 || chosen === OWN) && (
              <Field
                label={t.ownType}
                hint={t.ownTypeHint}
                error={isChecked && type === '' ? t.noType : errors.of('/type')}
              >
                {(control) => <input {...control} value={own} onChange={(event) => setOwn(event.target.value)} />}
              </Field>
            )}
            <FieldGroup label={t.environment}>
              {ENVIRONMENTS.map((one) => (
                <label key={one} className="choice">
                  <input
                    type="radio"
                    name="environment"
                    checked={environment === one}
                    onChange={() => setEnvironment(one)}
                  />
                  <span>{shared.environments[one]}</span>
                </label>
              ))}
            </FieldGroup>
            <JsonField
              label={t.data}
              hint={t.dataHint}
              error={isChecked && !read.ok ? t.noJson(read.line) : errors.of('/data')}
              wrongLines={isChecked && !read.ok ? [read.line] : []}
              rows={14}
              value={data}
              onChange={setData}
            />
            {errors.hasOthers && <ErrorNote error={publish.error} />}
            <div className="actions">
              <Button type="submit" look="main" isBusy={publish.isPending}>
                {t.submit}
              </Button>
            </div>
          </form>
        </fieldset>
      </Page>
    </>
  );
}
