import { Dialog as Base } from '@base-ui/react/dialog';
import { type ReactNode, useState } from 'react';

interface DialogProps {
  title: string;
  description?: string;
  /** Absent: it cannot be closed. */
  onClose?: () => void;
  children: ReactNode;
}

/** Over the page, with the focus inside until it is closed. Show it by rendering it. */
export function Dialog({ title, description, onClose, children }: DialogProps) {
  const [opener] = useState(() => document.activeElement);
  // What was done may have taken away the button that asked for it.
  const goBack = () =>
    opener instanceof HTMLElement && opener.isConnected ? opener : document.getElementById('content');
  return (
    <Base.Root open onOpenChange={(isOpen) => !isOpen && onClose?.()}>
      <Base.Portal>
        <Base.Backdrop className="backdrop" />
        <Base.Popup className="dialog" finalFocus={goBack}>
          <Base.Title className="dialog-title">{title}</Base.Title>
          {description !== undefined && <Base.Description>{description}</Base.Description>}
          {children}
        </Base.Popup>
      </Base.Portal>
    </Base.Root>
  );
}
