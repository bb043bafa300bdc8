import { useRef, useState } from 'react';
import { useDeliveryChanges } from '../api/deliveries.ts';
import { deliveryTexts } from '../texts/deliveries.ts';
import { useTexts } from '../texts/texts.ts';
import { Button, ButtonLink } from './button.tsx';
import { ErrorNote } from './error-note.tsx';

interface SendAgainProps {
  tenantId: string;
  /** Ids of the deliveries that are chosen. */
  selected: ReadonlySet<string>;
  onSent: (deliveryId: string) => void;
  /** The page that sends a range again. */
  rangeHref: string;
}

/** Sends what is chosen again, one after the other, and leads to the same for a range. */
export function SendAgain({ tenantId, selected, onSent, rangeHref }: SendAgainProps) {
  const t = useTexts(deliveryTexts);
  const { retry } = useDeliveryChanges(tenantId);
  const [progress, setProgress] = useState<{ done: number; total: number } | null>(null);
  const [error, setError] = useState<unknown>(null);
  const isStopped = useRef(false);
  const stop = () => {
    isStopped.current = true;
  };
  const send = async () => {
    isStopped.current = false;
    setError(null);
    const ids = [...selected];
    try {
      for (const [index, id] of ids.entries()) {
        if (isStopped.current) break;
        setProgress({ done: index, total: ids.length });
        await retry.mutateAsync(id);
        onSent(id);
      }
    } catch (refused) {
      setError(refused);
    }
    setProgress(null);
  };
  return (
    <>
      <div className="list-actions">
        <span role="status">{progress === null ? '' : t.sending(progress.done, progress.total)}</span>
        {progress !== null && <Button onClick={stop}>{t.stop}</Button>}
        {progress === null && selected.size > 0 && (
          <Button look="main" onClick={send}>
            {t.sendChosen(selected.size)}
          </Button>
        )}
        <ButtonLink href={rangeHref}>{t.range}</ButtonLink>
      </div>
      {error !== null && <ErrorNote error={error} />}
    </>
  );
}
