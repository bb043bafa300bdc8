import { type FormEvent, type KeyboardEvent, useId, useState } from 'react';
import { useEventTypes } from '../api/event-types.ts';
import type { EventType } from '../api/types.ts';
import { Button } from '../components/button.tsx';
import { JsonCode } from '../components/code.tsx';
import { ErrorNote } from '../components/error-note.tsx';
import { Field, FieldGroup } from '../components/field.tsx';
import { StatusBadge } from '../components/status-badge.tsx';
import { useTexts } from '../texts/texts.ts';
import { webhookFormTexts } from '../texts/webhook-form.ts';
import { ALL_EVENTS } from './draft.ts';

interface EventChoiceProps {
  value: readonly string[];
  onChange: (eventTypes: readonly string[]) => void;
  /** The profile takes exactly one. */
  isSingle: boolean;
  error: string | undefined;
}

/** Which events a webhook is sent: all, or some of those that there are, by groups, or by a name or pattern of one's own. */
export function EventChoice({ value, onChange, isSingle, error }: EventChoiceProps) {
  const t = useTexts(webhookFormTexts);
  const name = useId();
  const isAll = value.includes(ALL_EVENTS);
  if (isSingle)
    return (
      <FieldGroup label={t.events} error={error}>
        <EventList value={value} onChange={onChange} isSingle />
      </FieldGroup>
    );
  return (
    <FieldGroup label={t.events} error={error}>
      <label className="choice">
        <input type="radio" name={name} checked={isAll} onChange={() => onChange([ALL_EVENTS])} />
        <span>
          {t.allEvents} <span className="quiet">{t.allEventsHint}</span>
        </span>
      </label>
      <label className="choice">
        <input type="radio" name={name} checked={!isAll} onChange={() => onChange([])} />
        <span>
          {t.someEvents} {!isAll && <span className="quiet">{t.chosen(value.length)}</span>}
        </span>
      </label>
      {!isAll && <EventList value={value} onChange={onChange} isSingle={false} />}
    </FieldGroup>
  );
}

function EventList({ value, onChange, isSingle }: Omit<EventChoiceProps, 'error'>) {
  const t = useTexts(webhookFormTexts);
  const eventTypes = useEventTypes();
  const [search, setSearch] = useState('');
  const known = (eventTypes.data ?? []).filter((one) => !one.archived || value.includes(one.name));
  const fitting = known.filter(({ name, description, group }) =>
    `${name} ${description} ${group ?? ''}`.toLowerCase().includes(search.toLowerCase()),
  );
  const names = new Set(known.map(({ name }) => name));
  const own = value.filter((one) => !names.has(one) && one !== ALL_EVENTS);
  const toggle = (name: string, isChosen: boolean) => {
    if (isSingle) onChange([name]);
    else onChange(isChosen ? [...value, name] : value.filter((one) => one !== name));
  };
  const groups = Map.groupBy(fitting, ({ group }) => group ?? '');
  return (
    <div className="events">
      {eventTypes.isError && <ErrorNote error={eventTypes.error} retry={eventTypes.refetch} />}
      {known.length > 0 && (
        <input
          type="search"
          aria-label={t.searchEvents}
          placeholder={t.searchEvents}
          value={search}
          onChange={(event) => setSearch(event.target.value)}
        />
      )}
      {known.length > 0 && (
        <div className="event-groups">
          {fitting.length === 0 && <p className="quiet">{t.noEventFits}</p>}
          {[...groups].map(([group, types]) => (
            <EventGroup
              key={group}
              title={group === '' ? (groups.size > 1 ? t.otherEvents : '') : group}
              types={types}
              value={value}
              isSingle={isSingle}
              toggle={toggle}
            />
          ))}
        </div>
      )}
      {own.length > 0 && (
        <ul className="chips">
          {own.map((one) => (
            <li key={one}>
              <code>{one}</code>
              <button type="button" aria-label={t.remove(one)} onClick={() => toggle(one, false)}>
                ×
              </button>
            </li>
          ))}
        </ul>
      )}
      <OwnName onAdd={(name) => toggle(name, true)} />
    </div>
  );
}

interface EventGroupProps {
  title: string;
  types: readonly EventType[];
  value: readonly string[];
  isSingle: boolean;
  toggle: (name: string, isChosen: boolean) => void;
}

function EventGroup({ title, types, value, isSingle, toggle }: EventGroupProps) {
  const t = useTexts(webhookFormTexts);
  const radio = useId();
  return (
    <fieldset className="event-group">
      <legend className={title === '' ? 'visually-hidden' : undefined}>{title === '' ? t.events : title}</legend>
      {types.map(({ name, description, schema, example, archived }) => (
        <div key={name} className="event">
          <label className="choice">
            <input
              type={isSingle ? 'radio' : 'checkbox'}
              name={isSingle ? radio : undefined}
              checked={value.includes(name)}
              onChange={(event) => toggle(name, event.target.checked)}
            />
            <span>
              <code>{name}</code>
              {archived && <StatusBadge tone="pause">{t.archived}</StatusBadge>}
              {description !== '' && <span className="quiet">{description}</span>}
            </span>
          </label>
          {(schema !== null || example !== null) && (
            <details>
              <summary>
                {t.details}
                <span className="visually-hidden"> {name}</span>
              </summary>
              {schema !== null && <JsonCode label={t.schema} text={schema} />}
              {example !== null && <JsonCode label={t.example} text={example} />}
            </details>
          )}
        </div>
      ))}
    </fieldset>
  );
}

function OwnName({ onAdd }: { onAdd: (name: string) => void }) {
  const t = useTexts(webhookFormTexts);
  const [name, setName] = useState('');
  const add = (event: FormEvent | KeyboardEvent) => {
    event.preventDefault();
    if (name.trim() === '') return;
    onAdd(name.trim());
    setName('');
  };
  return (
    <div className="row">
      <Field label={t.otherName} hint={t.otherNameHint} isOptional>
        {(control) => (
          <input
            {...control}
            value={name}
            onChange={(event) => setName(event.target.value)}
            // Enter would send the whole form.
            onKeyDown={(event) => event.key === 'Enter' && add(event)}
          />
        )}
      </Field>
      <Button onClick={add}>{t.addName}</Button>
    </div>
  );
}
