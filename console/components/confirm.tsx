import type { ReactNode } from 'react';
import { sharedTexts } from '../texts/shared.ts';
import { useTexts } from '../texts/texts.ts';
import { Button } from './button.tsx';
import { Dialog } from './dialog.tsx';
import { ErrorNote } from './error-note.tsx';

interface ConfirmProps {
  title: string;
  description: string;
  /** What the button does, in words. */
  action: string;
  look?: 'main' | 'danger';
  isBusy: boolean;
  /** Of the last try; null: none. */
  error: unknown;
  onConfirm: () => void;
  onClose: () => void;
  children?: ReactNode;
}

/** Asks before something is done that cannot be undone, or that has a choice. */
export function Confirm({
  action,
  look = 'main',
  isBusy,
  error,
  onConfirm,
  onClose,
  children,
  ...texts
}: ConfirmProps) {
  const t = useTexts(sharedTexts);
  return (
    <Dialog {...texts} onClose={onClose}>
      {children}
      {error !== null && <ErrorNote error={error} />}
      <div className="actions">
        <Button onClick={onClose}>{t.cancel}</Button>
        <Button look={look} isBusy={isBusy} onClick={onConfirm}>
          {action}
        </Button>
      </div>
    </Dialog>
  );
}
