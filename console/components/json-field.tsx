import { type ReactNode, useRef } from 'react';
import { Field } from './field.tsx';

interface JsonFieldProps {
  label: string;
  hint?: ReactNode;
  error?: string | undefined;
  isOptional?: boolean;
  value: string;
  /** Lines, from 1, that something is wrong with. */
  wrongLines?: readonly number[];
  rows?: number;
  onChange: (text: string) => void;
}

/** JSON with the numbers of its lines. The Tab key leads on, as in any other field. */
export function JsonField({ value, wrongLines = [], rows = 8, onChange, ...field }: JsonFieldProps) {
  const gutter = useRef<HTMLDivElement>(null);
  const lines = value.split('\n').length;
  return (
    <Field {...field}>
      {(control) => (
        <div className="json-field">
          <div className="json-lines" aria-hidden="true">
            <div ref={gutter}>
              {Array.from({ length: lines }, (_, index) => (
                // biome-ignore lint/suspicious/noArrayIndexKey: a line is known by its number
                <span key={index} className={wrongLines.includes(index + 1) ? 'wrong' : undefined}>
                  {index + 1}
                </span>
              ))}
            </div>
          </div>
          <textarea
            {...control}
            rows={rows}
            wrap="off"
            spellCheck={false}
            autoCapitalize="off"
            value={value}
            onChange={(event) => onChange(event.target.value)}
            onScroll={({ currentTarget: { scrollTop } }) => {
              if (gutter.current !== null) gutter.current.style.transform = `translateY(${-scrollTop}px)`;
            }}
          />
        </div>
      )}
    </Field>
  );
}
