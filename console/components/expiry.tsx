import { isPast } from '../api/is-past.ts';
import { sharedTexts } from '../texts/shared.ts';
import { useTexts } from '../texts/texts.ts';
import { useTimeFormat } from './time.tsx';

/** When a webhook expires, or since when it has. */
export function Expiry({ at }: { at: string }) {
  const t = useTexts(sharedTexts);
  const format = useTimeFormat({ day: 'numeric', month: 'short' });
  return (
    <time className="quiet" dateTime={at} title={at}>
      {isPast(at) ? t.expiredOn(format(at)) : t.expiresOn(format(at))}
    </time>
  );
}
