import { Dialog as Base } from '@base-ui/react/dialog';
import type { ReactNode } from 'react';

interface DialogProps {
  title: string;
  description?: string;
  /** Absent: it cannot be closed. */
  onClose?: () => void;
  children: ReactNode;
}

/** Over the page, with the focus inside until it is closed. Show it by rendering it. */
export function Dialog({ title, description, onClose, children }: DialogProps) {
  return (
    <Base.Root open onOpenChange={(isOpen) => !isOpen && onClose?.()}>
      <Base.Portal>
        <Base.Backdrop className="backdrop" />
        <Base.Popup className="dialog">
          <Base.Title className="dialog-title">{title}</Base.Title>
          {description !== undefined && <Base.Description>{description}</Base.Description>}
          {children}
        </Base.Popup>
      </Base.Portal>
    </Base.Root>
  );
}
