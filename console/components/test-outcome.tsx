import type { TestResult } from '../api/types.ts';
import { useTexts } from '../texts/texts.ts';
import { webhookFormTexts } from '../texts/webhook-form.ts';
import { Code } from './code.tsx';
import { StatusBadge } from './status-badge.tsx';

/** What came of a test: status, time and answer, or in words what is wrong. */
export function TestOutcome({
  result: { outcome, durationMs, response, error },
}: {
  result: Pick<TestResult, 'durationMs' | 'response' | 'error'> & { outcome: string };
}) {
  const t = useTexts(webhookFormTexts);
  const milliseconds = Math.round(durationMs);
  const words =
    response === null
      ? t.testFailed(outcome, error?.message ?? outcome, milliseconds)
      : outcome === 'success'
        ? t.testOk(response.status, milliseconds)
        : t.testAnswered(response.status, milliseconds);
  return (
    <div className="test-outcome">
      <StatusBadge tone={outcome === 'success' ? 'ok' : 'bad'}>{words}</StatusBadge>
      {response !== null && response.body !== '' && <Code label={t.answer} text={response.body} />}
    </div>
  );
}
