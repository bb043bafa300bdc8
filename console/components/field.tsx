import { type ReactNode, useId } from 'react';
import { sharedTexts } from '../texts/shared.ts';
import { useTexts } from '../texts/texts.ts';
import { Icon } from './icon.tsx';

/** What ties a control to its label, hint and mistake. */
export interface Described {
  id: string;
  'aria-describedby': string | undefined;
  'aria-invalid': true | undefined;
}

interface FieldProps {
  label: string;
  hint?: ReactNode;
  /** What is wrong with it. */
  error?: string | undefined;
  isOptional?: boolean;
  children: (control: Described) => ReactNode;
}

/** A labelled control, with what is wrong beside it. */
export function Field({ label, hint, error, isOptional = false, children }: FieldProps) {
  const t = useTexts(sharedTexts);
  const id = useId();
  const ids = [hint !== undefined && `${id}-hint`, error !== undefined && `${id}-error`].filter((one) => one !== false);
  return (
    <div className="field">
      <label htmlFor={id}>
        {label}
        {isOptional && <span className="quiet"> · {t.optional}</span>}
      </label>
      {hint !== undefined && (
        <p id={`${id}-hint`} className="hint">
          {hint}
        </p>
      )}
      {children({
        id,
        'aria-describedby': ids.length === 0 ? undefined : ids.join(' '),
        'aria-invalid': error !== undefined || undefined,
      })}
      <FieldError id={`${id}-error`} error={error} />
    </div>
  );
}

interface GroupProps extends Omit<FieldProps, 'children'> {
  children: ReactNode;
}

/** Several controls under one label: check boxes, radio buttons, rows. */
export function FieldGroup({ label, hint, error, isOptional = false, children }: GroupProps) {
  const t = useTexts(sharedTexts);
  const id = useId();
  return (
    <fieldset className="field" aria-describedby={error === undefined ? undefined : `${id}-error`}>
      <legend>
        {label}
        {isOptional && <span className="quiet"> · {t.optional}</span>}
      </legend>
      {hint !== undefined && <p className="hint">{hint}</p>}
      {children}
      <FieldError id={`${id}-error`} error={error} />
    </fieldset>
  );
}

function FieldError({ id, error }: { id: string; error: string | undefined }) {
  // The region is there before its text, otherwise a screen reader does not say the text.
  return (
    <p id={id} className="field-error" aria-live="polite">
      {error !== undefined && (
        <>
          <Icon name="bad" />
          {error}
        </>
      )}
    </p>
  );
}
