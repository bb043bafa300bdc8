import { useUrlTest } from '../api/subscriptions.ts';
import { Button } from '../components/button.tsx';
import { ErrorNote } from '../components/error-note.tsx';
import { Field } from '../components/field.tsx';
import { readFieldErrors } from '../components/field-errors.ts';
import { TestOutcome } from '../components/test-outcome.tsx';
import { useTexts } from '../texts/texts.ts';
import { webhookFormTexts } from '../texts/webhook-form.ts';

interface UrlFieldProps {
  tenantId: string;
  value: string;
  onChange: (url: string) => void;
  /** For the test; null: the tenant's default. */
  profile: string | null;
  error: string | undefined;
}

/** The URL, with a button that tries it. */
export function UrlField({ tenantId, value, onChange, profile, error }: UrlFieldProps) {
  const t = useTexts(webhookFormTexts);
  const test = useUrlTest(tenantId);
  const tested = readFieldErrors(test.error, ['/url']);
  const run = () => test.mutate({ url: value.trim(), ...(profile === null ? {} : { profile }) });
  return (
    <div className="url-field">
      <Field label={t.url} hint={t.urlHint} error={error ?? tested.of('/url')}>
        {(control) => (
          <div className="row">
            <input
              {...control}
              type="url"
              inputMode="url"
              autoComplete="off"
              spellCheck={false}
              placeholder="https://example.com/webhooks"
              value={value}
              onChange={(event) => {
                test.reset();
                onChange(event.target.value);
              }}
            />
            <Button isBusy={test.isPending} onClick={run} title={t.testHint}>
              {t.testUrl}
            </Button>
          </div>
        )}
      </Field>
      <div role="status">{test.data && <TestOutcome result={test.data} />}</div>
      {tested.hasOthers && <ErrorNote error={test.error} />}
    </div>
  );
}
