import { useEffect, useState } from 'react';
import { ApiProblem } from '../api/client.ts';
import { useEventTypes } from '../api/event-types.ts';
import { usePreview } from '../api/profiles.ts';
import { Button } from '../components/button.tsx';
import { Code } from '../components/code.tsx';
import { ErrorNote } from '../components/error-note.tsx';
import { Field } from '../components/field.tsx';
import { JsonField } from '../components/json-field.tsx';
import { lineOfPointer, readJson } from '../json/read-json.ts';
import { profilesTexts } from '../texts/profiles.ts';
import { useTexts } from '../texts/texts.ts';

const TYPING_MS = 400;
const MADE_UP = { type: 'employee.created', data: '{"id":7,"name":"Ada Lovelace","country":"GB"}' };

interface Mistake {
  path: string;
  message: string;
}

interface ProfileEditorProps {
  /** JSON text. */
  first: string;
  action: string;
  isBusy: boolean;
  /** Of the last try to save it. */
  error: unknown;
  onSave: (document: unknown) => void;
}

/** A profile's document, and beside it the request that it makes, as it is typed. What is wrong is said with its line. */
export function ProfileEditor({ first, action, isBusy, error, onSave }: ProfileEditorProps) {
  const t = useTexts(profilesTexts);
  const [text, setText] = useState(first);
  const settled = useSettled(text);
  const read = readJson(settled);
  const { event, choice } = useEventChoice();
  const preview = usePreview(read.ok ? read.value : undefined, event);
  const mistakes = read.ok ? mistakesOf(preview.error) : [];
  const saveMistakes = mistakesIn(error, '');
  const shown = mistakes.length > 0 ? mistakes : saveMistakes;
  const lines = shown.map(({ path }) => lineOfPointer(settled, path));
  return (
    <div className="side-by-side">
      <form
        className="form"
        noValidate
        onSubmit={(submitted) => {
          submitted.preventDefault();
          const now = readJson(text);
          if (now.ok) onSave(now.value);
        }}
      >
        <JsonField
          label={t.document}
          hint={t.documentHint}
          rows={28}
          value={text}
          wrongLines={read.ok ? lines : [read.line]}
          error={read.ok ? (shown.length === 0 ? undefined : t.mistakes(shown.length)) : t.notJson(read.message)}
          onChange={setText}
        />
        {shown.length > 0 && (
          <ul className="mistakes">
            {shown.map(({ path, message }, index) => (
              <li key={`${path} ${message}`}>
                <strong>{t.line(lines[index] ?? 1, path)}</strong> {message}
              </li>
            ))}
          </ul>
        )}
        {error !== null && saveMistakes.length === 0 && <ErrorNote error={error} />}
        <div className="actions">
          <Button type="submit" look="main" isBusy={isBusy}>
            {action}
          </Button>
        </div>
      </form>
      <section className="preview" aria-label={t.preview}>
        {choice}
        <Request preview={preview} isOutdated={!read.ok || mistakes.length > 0} />
      </section>
    </div>
  );
}

/** What a profile sends, for one that is only looked at. */
export function ProfilePreview({ name }: { name: string }) {
  const t = useTexts(profilesTexts);
  const { event, choice } = useEventChoice();
  return (
    <section className="preview" aria-label={t.preview}>
      {choice}
      <Request preview={usePreview(name, event)} isOutdated={false} />
    </section>
  );
}

function Request({ preview, isOutdated }: { preview: ReturnType<typeof usePreview>; isOutdated: boolean }) {
  const t = useTexts(profilesTexts);
  if (preview.isError && mistakesOf(preview.error).length === 0)
    return <ErrorNote error={preview.error} retry={preview.refetch} />;
  if (preview.data === undefined) return null;
  const { method, url, headers, body } = preview.data;
  const head = Object.entries(headers).map(([name, value]) => `${name}: ${value}`);
  return (
    <>
      {isOutdated && <p className="hint">{t.outdated}</p>}
      <Code label={t.request} text={[`${method} ${url}`, ...head, '', body].join('\n')} />
    </>
  );
}

/** The event that is shown: the example of an event type, or one that is made up. */
function useEventChoice() {
  const t = useTexts(profilesTexts);
  const eventTypes = useEventTypes();
  const [type, setType] = useState('');
  const withExample = (eventTypes.data ?? []).flatMap(({ name, example }) =>
    example === null ? [] : [{ name, example }],
  );
  const chosen = withExample.find(({ name }) => name === type);
  const event = chosen === undefined ? MADE_UP : { type: chosen.name, data: chosen.example };
  const choice = (
    <Field label={t.event}>
      {(control) => (
        <select {...control} value={chosen?.name ?? ''} onChange={({ target }) => setType(target.value)}>
          <option value="">{t.anEvent}</option>
          {withExample.map(({ name }) => (
            <option key={name} value={name}>
              {name}
            </option>
          ))}
        </select>
      )}
    </Field>
  );
  return { event, choice };
}

/** What the preview says of the document. */
function mistakesOf(error: unknown): Mistake[] {
  return mistakesIn(error, '/profile');
}

function mistakesIn(error: unknown, prefix: string): Mistake[] {
  const errors = error instanceof ApiProblem ? error.problem.errors : [];
  return errors
    .filter(({ path }) => path.startsWith(prefix))
    .map(({ path, message }) => ({ path: path.slice(prefix.length), message }));
}

/** What was typed when the typing stopped for a moment. */
function useSettled(text: string): string {
  const [settled, setSettled] = useState(text);
  useEffect(() => {
    const timer = setTimeout(() => setSettled(text), TYPING_MS);
    return () => clearTimeout(timer);
  }, [text]);
  return settled;
}
