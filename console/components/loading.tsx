import { sharedTexts } from '../texts/shared.ts';
import { useTexts } from '../texts/texts.ts';

export function Loading() {
  const t = useTexts(sharedTexts);
  return (
    <p className="loading" role="status">
      <span className="spinner" aria-hidden="true" />
      {t.loading}
    </p>
  );
}
