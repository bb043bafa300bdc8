import { useEffect, useRef, useState } from 'react';

const TYPING_MS = 250;

/** The API is asked when the reader stops typing for a moment. */
export function SearchField({
  label,
  value,
  onChange,
}: {
  label: string;
  value: string;
  onChange: (text: string) => void;
}) {
  const [text, setText] = useState(value);
  // A link or the way back changes the address, too: the field shows what the list is filtered by.
  const [seen, setSeen] = useState(value);
  if (value !== seen) {
    setSeen(value);
    if (value !== text.trim()) setText(value);
  }
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined);
  useEffect(() => () => clearTimeout(timer.current), []);
  const type = (next: string) => {
    setText(next);
    clearTimeout(timer.current);
    timer.current = setTimeout(() => onChange(next), TYPING_MS);
  };
  return (
    <label className="grow">
      {label}
      <input type="search" value={text} onChange={(event) => type(event.target.value)} />
    </label>
  );
}
