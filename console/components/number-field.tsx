import { Field } from './field.tsx';

interface NumberFieldProps {
  label: string;
  hint: string;
  value: string;
  error: string | undefined;
  onChange: (text: string) => void;
}

/** A number that may be left out. What is typed stays as it is; `readNumber` reads it. */
export function NumberField({ label, hint, value, error, onChange }: NumberFieldProps) {
  return (
    <Field label={label} hint={hint} error={error} isOptional>
      {(control) => (
        <input
          {...control}
          className="short"
          inputMode="decimal"
          value={value}
          onChange={(event) => onChange(event.target.value)}
        />
      )}
    </Field>
  );
}

/** Null for no text, NaN for one that is no number. JSON has none for Infinity, which 1e999 is read as, and would say null: no limit. */
export function readNumber(text: string): number | null {
  if (text.trim() === '') return null;
  const number = Number(text);
  return Number.isFinite(number) ? number : Number.NaN;
}
