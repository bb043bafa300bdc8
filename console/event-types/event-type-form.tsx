import { useId, useState } from 'react';
import { useEventTypes } from '../api/event-types.ts';
import { Button } from '../components/button.tsx';
import { ErrorNote } from '../components/error-note.tsx';
import { Field } from '../components/field.tsx';
import { readFieldErrors } from '../components/field-errors.ts';
import { JsonField } from '../components/json-field.tsx';
import type { ReadJson } from '../json/read-json.ts';
import { eventTypesTexts } from '../texts/event-types.ts';
import { useTexts } from '../texts/texts.ts';
import { type EventTypeDraft, readText } from './draft.ts';

const FIELDS = ['/name', '/description', '/group', '/schema', '/example'];

interface EventTypeFormProps {
  first: EventTypeDraft;
  isNew: boolean;
  action: string;
  isBusy: boolean;
  error: unknown;
  onSubmit: (draft: EventTypeDraft) => void;
}

export function EventTypeForm({ first, isNew, action, isBusy, error, onSubmit }: EventTypeFormProps) {
  const t = useTexts(eventTypesTexts);
  const groups = useId();
  const eventTypes = useEventTypes();
  const [draft, setDraft] = useState(first);
  const [isTried, setTried] = useState(false);
  const change = (part: Partial<EventTypeDraft>) => setDraft({ ...draft, ...part });
  const schema = readText(draft.schema);
  const example = readText(draft.example);
  const errors = readFieldErrors(error, FIELDS);
  const mistakeIn = (read: ReadJson, field: string) =>
    isTried && !read.ok ? t.notJson(read.message) : errors.of(field);
  const linesOf = (read: ReadJson) => (isTried && !read.ok ? [read.line] : []);
  return (
    <form
      className="form wide"
      noValidate
      onSubmit={(event) => {
        event.preventDefault();
        setTried(true);
        if (schema.ok && example.ok) onSubmit(draft);
      }}
    >
      {isNew && (
        <Field label={t.name} hint={t.nameHint} error={errors.of('/name')}>
          {(control) => (
            <input
              {...control}
              autoComplete="off"
              spellCheck={false}
              value={draft.name}
              onChange={(event) => change({ name: event.target.value.trim() })}
            />
          )}
        </Field>
      )}
      <Field label={t.description} error={errors.of('/description')} isOptional>
        {(control) => (
          <input
            {...control}
            value={draft.description}
            onChange={(event) => change({ description: event.target.value })}
          />
        )}
      </Field>
      <Field label={t.group} hint={t.groupHint} error={errors.of('/group')} isOptional>
        {(control) => (
          <>
            <input
              {...control}
              list={groups}
              autoComplete="off"
              value={draft.group}
              onChange={(event) => change({ group: event.target.value })}
            />
            <datalist id={groups}>
              {[...new Set(eventTypes.data?.flatMap(({ group }) => group ?? []))].map((group) => (
                <option key={group} value={group} />
              ))}
            </datalist>
          </>
        )}
      </Field>
      <JsonField
        label={t.schema}
        hint={t.schemaHint}
        rows={12}
        value={draft.schema}
        error={mistakeIn(schema, '/schema')}
        wrongLines={linesOf(schema)}
        isOptional
        onChange={(text) => change({ schema: text })}
      />
      <label className="choice">
        <input
          type="checkbox"
          checked={draft.validate}
          onChange={(event) => change({ validate: event.target.checked })}
        />
        <span>
          {t.validate}
          <span className="quiet">{t.validateHint}</span>
        </span>
      </label>
      <JsonField
        label={t.example}
        hint={t.exampleHint}
        rows={10}
        value={draft.example}
        error={mistakeIn(example, '/example')}
        wrongLines={linesOf(example)}
        isOptional
        onChange={(text) => change({ example: text })}
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
