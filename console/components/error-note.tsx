import { ApiProblem } from '../api/client.ts';
import { sharedTexts } from '../texts/shared.ts';
import { useTexts } from '../texts/texts.ts';
import { Button } from './button.tsx';
import { Icon } from './icon.tsx';

/** What went wrong and what to do, from the API's own problem document, with each mistake that it names. */
export function ErrorNote({ error, retry }: { error: unknown; retry?: (() => unknown) | undefined }) {
  const t = useTexts(sharedTexts);
  const mistakes = error instanceof ApiProblem ? error.problem.errors : [];
  return (
    <div role="alert" className="note note-bad">
      <Icon name="bad" />
      <div>
        <strong>{t.problem}</strong>
        <p>{useExplanation(error)}</p>
        {mistakes.length > 0 && (
          <ul className="mistakes">
            {mistakes.map(({ path, message }) => (
              <li key={`${path} ${message}`}>
                <code>{path}</code> {message}
              </li>
            ))}
          </ul>
        )}
        {retry && <Button onClick={() => retry()}>{t.retry}</Button>}
      </div>
    </div>
  );
}

function useExplanation(error: unknown): string {
  const t = useTexts(sharedTexts);
  if (!(error instanceof ApiProblem)) return String(error);
  const { code, status, detail } = error.problem;
  if (code === 'unreachable') return t.unreachable;
  if (code === 'gateway') return t.gateway(status);
  if (code === 'foreign') return t.foreign(status);
  return t.refused(code, detail);
}
