import { useState } from 'react';
import { useEventTypes } from '../api/event-types.ts';
import { useFilterTest } from '../api/subscriptions.ts';
import type { FilterTestInput } from '../api/types.ts';
import { Button } from '../components/button.tsx';
import { ErrorNote } from '../components/error-note.tsx';
import { Field, FieldGroup } from '../components/field.tsx';
import { readFieldErrors } from '../components/field-errors.ts';
import { JsonField } from '../components/json-field.tsx';
import { Loading } from '../components/loading.tsx';
import { StatusBadge } from '../components/status-badge.tsx';
import { isReceived } from '../event-types/is-received.ts';
import { JsonText, layOutJson, toJson } from '../json/json-as-written.ts';
import { readJson } from '../json/read-json.ts';
import { useTexts } from '../texts/texts.ts';
import { webhookFormTexts } from '../texts/webhook-form.ts';
import { type Draft, readFilter } from './draft.ts';

/** The key of what was typed while there was no type to choose. */
const NO_TYPE = '';

interface FilterFieldProps {
  tenantId: string;
  value: string;
  onChange: (filter: string) => void;
  eventTypes: Draft['eventTypes'];
  environment: Draft['environment'];
  error: string | undefined;
}

/** The filter, and an example of an event to try it with. */
export function FilterField({ tenantId, value, onChange, eventTypes, environment, error }: FilterFieldProps) {
  const t = useTexts(webhookFormTexts);
  const test = useFilterTest(tenantId);
  const found = useReceivedTypes(eventTypes);
  const types = found ?? [];
  const [chosen, setChosen] = useState(NO_TYPE);
  const [ownType, setOwnType] = useState('');
  /** By type, so that another type's example replaces nothing that was typed. */
  const [written, setWritten] = useState<ReadonlyMap<string, string>>(new Map());
  const [isTried, setTried] = useState(false);

  const shown = types.find(({ name }) => name === chosen) ?? types[0] ?? { name: NO_TYPE, example: null };
  const type = shown.name === NO_TYPE ? ownType.trim() : shown.name;
  const data = written.get(shown.name) ?? (written.get(NO_TYPE) || layOutJson(shown.example ?? '{}'));
  const filter = readFilter(value);
  const example = readJson(data);
  const question: FilterTestInput = {
    filter: filter.value,
    ...(type === '' ? {} : { type }),
    environment,
    data: new JsonText(data),
  };
  // An answer counts for what was asked. What is typed later is another question.
  const isAnswered = filter.isJson && test.variables !== undefined && toJson(test.variables) === toJson(question);
  const problem = isAnswered ? test.error : null;
  const errors = readFieldErrors(problem, ['/filter', '/type', '/data']);
  const isWrong = { filter: isTried && !filter.isJson, example: isTried && !example.ok };
  const run = () => {
    setTried(true);
    if (filter.isJson && example.ok) test.mutate(question);
  };

  return (
    <>
      <Field
        label={t.filter}
        hint={t.filterHint}
        error={isWrong.filter ? t.filterNotJson : isAnswered ? errors.of('/filter') : error}
        isOptional
      >
        {(control) => (
          <textarea
            {...control}
            rows={5}
            spellCheck={false}
            value={value}
            onChange={(event) => onChange(event.target.value)}
          />
        )}
      </Field>
      <FieldGroup label={t.tryFilter} hint={t.tryFilterHint}>
        {/* A type that came later would make another question of what was typed by then. */}
        {found === null ? (
          <Loading />
        ) : (
          <div className="filter-trial">
            <Field label={t.tryType} error={errors.of('/type')} isOptional={types.length === 0}>
              {(control) =>
                types.length === 0 ? (
                  <input
                    {...control}
                    spellCheck={false}
                    value={ownType}
                    onChange={(event) => setOwnType(event.target.value)}
                    // Enter would send the whole form.
                    onKeyDown={(event) => event.key === 'Enter' && event.preventDefault()}
                  />
                ) : (
                  <select {...control} value={shown.name} onChange={(event) => setChosen(event.target.value)}>
                    {types.map(({ name }) => (
                      <option key={name} value={name}>
                        {name}
                      </option>
                    ))}
                  </select>
                )
              }
            </Field>
            <JsonField
              label={t.tryData}
              error={!example.ok && isWrong.example ? t.tryDataNotJson(example.line) : errors.of('/data')}
              wrongLines={!example.ok && isWrong.example ? [example.line] : []}
              rows={6}
              value={data}
              onChange={(text) => {
                // Otherwise a type that is checked above could take its place.
                setChosen(shown.name);
                setWritten(new Map(written).set(shown.name, text));
              }}
            />
            <Button isBusy={test.isPending} onClick={run}>
              {t.runFilter}
            </Button>
            <div role="status">
              {isAnswered && test.data && (
                <StatusBadge tone={test.data.matches ? 'ok' : 'warn'}>
                  {test.data.matches ? t.wouldDeliver : t.wouldNotDeliver(test.data)}
                </StatusBadge>
              )}
            </div>
          </div>
        )}
        {errors.hasOthers && <ErrorNote error={problem} />}
      </FieldGroup>
    </>
  );
}

/** What a webhook of these names and patterns receives, as far as it has a name. Null until that is known. */
function useReceivedTypes(patterns: readonly string[]): { name: string; example: string | null }[] | null {
  const { data: known = [], isPending } = useEventTypes();
  if (isPending) return null;
  const received = known.filter(({ name, archived }) =>
    archived ? patterns.includes(name) : isReceived(name, patterns),
  );
  const named = patterns.filter((one) => !one.endsWith('*') && !received.some(({ name }) => name === one));
  return [...received, ...named.map((name) => ({ name, example: null }))];
}
