import { useState } from 'react';

interface MomentFieldProps {
  label: string;
  /** RFC 3339; null: none. */
  value: string | null;
  onChange: (at: string | null) => void;
}

/** A moment in the reader's zone, for a filter. */
export function MomentField({ label, value, onChange }: MomentFieldProps) {
  // Typed part by part it is no moment until it is whole.
  const [text, setText] = useState(toLocal(value ?? ''));
  // A link or the way back changes the address, too: the field shows what the list is filtered by.
  const [seen, setSeen] = useState(value);
  if (value !== seen) {
    setSeen(value);
    if (value !== fromLocal(text)) setText(toLocal(value ?? ''));
  }
  return (
    <label>
      {label}
      <input
        type="datetime-local"
        value={text}
        onChange={(event) => {
          setText(event.target.value);
          onChange(fromLocal(event.target.value));
        }}
      />
    </label>
  );
}

/**
 * Whether a moment of a form has some of its parts only. Its value is empty, as that of one without any.
 * @param name of the control
 */
export function isPartial(form: HTMLFormElement, name: string): boolean {
  const control = form.elements.namedItem(name);
  return control instanceof HTMLInputElement && control.validity.badInput;
}

/** As the control takes it: in the reader's zone, to the minute. */
export function toLocal(at: string): string {
  const moment = new Date(at);
  // Near the end of all times that there are, the reader's zone lies behind it.
  const local = new Date(moment.getTime() - moment.getTimezoneOffset() * 60_000);
  return Number.isNaN(local.getTime()) ? '' : local.toISOString().slice(0, 16);
}

export function fromLocal(text: string): string | null {
  const moment = new Date(text);
  return Number.isNaN(moment.getTime()) ? null : moment.toISOString();
}
