import { useState } from 'react';
import { sessionTexts } from '../texts/session.ts';
import { useTexts } from '../texts/texts.ts';
import { Button } from './button.tsx';
import { Field } from './field.tsx';

/** Takes a key or a token. The field is a password's: no one reads it over a shoulder. */
export function CredentialForm({
  error,
  onCredential,
}: {
  error?: string | undefined;
  onCredential: (text: string) => void;
}) {
  const t = useTexts(sessionTexts);
  const [text, setText] = useState('');
  const [isEmpty, setEmpty] = useState(false);
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        setEmpty(text.trim() === '');
        if (text.trim() !== '') onCredential(text.trim());
      }}
    >
      <Field label={t.label} error={isEmpty ? t.empty : error}>
        {(control) => (
          <input
            {...control}
            type="password"
            autoComplete="off"
            spellCheck={false}
            value={text}
            onChange={(event) => setText(event.target.value)}
          />
        )}
      </Field>
      <div className="actions">
        <Button type="submit" look="main">
          {t.submit}
        </Button>
      </div>
    </form>
  );
}
