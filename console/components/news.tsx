import { sharedTexts } from '../texts/shared.ts';
import { useTexts } from '../texts/texts.ts';
import { Button } from './button.tsx';

/** Says that a live list has others than it shows, and shows them when asked to. */
export function News({ come, gone, onShow }: { come: number; gone: number; onShow: () => void }) {
  const t = useTexts(sharedTexts);
  return (
    // The region is there before its text, otherwise a screen reader does not say the text.
    <div role="status" className="news">
      {come + gone > 0 && <Button onClick={onShow}>{come > 0 ? t.come(come) : t.gone(gone)}</Button>}
    </div>
  );
}
