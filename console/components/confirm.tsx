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
  /** What is done. Its failure is shown here, and forgotten with the dialog. */
  change: { isPending: boolean; error: unknown; reset: () => void };
  onConfirm: () => void;
  onClose: () => void;
  children?: ReactNode;
}

/** Asks before something is done that cannot be undone, or that has a choice. */
export function Confirm({
  action,
  look = 'main',
  change: { isPending, error, reset },
  onConfirm,
  onClose,
  children,
  ...texts
}: ConfirmProps) {
  const t = useTexts(sharedTexts);
  const close = () => {
    if (error !== null) reset();
    onClose();
  };
  return (
    <Dialog {...texts} onClose={close}>
      {children}
      {error !== null && <ErrorNote error={error} />}
      <div className="actions">
        <Button onClick={close}>{t.cancel}</Button>
        <Button look={look} isBusy={isPending} onClick={onConfirm}>
          {action}
        </Button>
      </div>
    </Dialog>
  );
}
