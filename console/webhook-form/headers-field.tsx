import { Button } from '../components/button.tsx';
import { FieldGroup } from '../components/field.tsx';
import { Icon } from '../components/icon.tsx';
import { useTexts } from '../texts/texts.ts';
import { webhookFormTexts } from '../texts/webhook-form.ts';
import type { Draft } from './draft.ts';

interface HeadersFieldProps {
  value: Draft['headers'];
  onChange: (headers: Draft['headers']) => void;
  error: string | undefined;
}

/** Rows of names and values. */
export function HeadersField({ value, onChange, error }: HeadersFieldProps) {
  const t = useTexts(webhookFormTexts);
  const change = (index: number, part: Partial<Draft['headers'][number]>) =>
    onChange(value.map((one, at) => (at === index ? { ...one, ...part } : one)));
  return (
    <FieldGroup label={t.headers} hint={t.headersHint} error={error} isOptional>
      {value.map((header, index) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: a row has nothing else that stays the same while it is typed
        <div key={index} className="row">
          <input
            aria-label={`${t.headerName} ${index + 1}`}
            placeholder={t.headerName}
            value={header.name}
            onChange={(event) => change(index, { name: event.target.value })}
          />
          <input
            aria-label={`${t.headerValue} ${index + 1}`}
            placeholder={t.headerValue}
            autoComplete="off"
            value={header.value}
            onChange={(event) => change(index, { value: event.target.value })}
          />
          <Button
            aria-label={t.remove(header.name || `${t.headerName} ${index + 1}`)}
            onClick={() => onChange(value.filter((_, at) => at !== index))}
          >
            ×
          </Button>
        </div>
      ))}
      <Button onClick={() => onChange([...value, { name: '', value: '' }])}>
        <Icon name="plus" />
        {t.addHeader}
      </Button>
    </FieldGroup>
  );
}
