import { useEffect, useState } from 'react';
import { sharedTexts } from '../texts/shared.ts';
import { useTexts } from '../texts/texts.ts';
import { Button } from './button.tsx';
import { Icon } from './icon.tsx';

const SHOWN_MS = 2_000;

/**
 * @param what in words, for those who do not see what it stands beside
 * @param label instead of the button's usual one
 */
export function CopyButton({ text, what, label }: { text: string; what: string; label?: string }) {
  const t = useTexts(sharedTexts);
  const [isCopied, setCopied] = useState(false);
  useEffect(() => {
    if (!isCopied) return;
    const timer = setTimeout(() => setCopied(false), SHOWN_MS);
    return () => clearTimeout(timer);
  }, [isCopied]);
  return (
    <>
      <Button
        aria-label={label === undefined ? `${t.copy}: ${what}` : undefined}
        onClick={() => navigator.clipboard.writeText(text).then(() => setCopied(true))}
      >
        <Icon name={isCopied ? 'ok' : 'copy'} />
        {isCopied ? t.copied : (label ?? t.copy)}
      </Button>
      <span role="status" className="visually-hidden">
        {isCopied ? t.copied : ''}
      </span>
    </>
  );
}
