import { useEffect } from 'react';
import { CredentialForm } from '../components/credential-form.tsx';
import { Dialog } from '../components/dialog.tsx';
import { sessionTexts } from '../texts/session.ts';
import { useTexts } from '../texts/texts.ts';

/** Lies over the page, which stays as it is. The page that holds this one is told, and can hand over a new token. */
export function SessionEnded({ isPortal, onCredential }: { isPortal: boolean; onCredential: (text: string) => void }) {
  const t = useTexts(sessionTexts);
  useEffect(() => {
    // It says nothing that is secret, so any page that holds this one may hear it.
    if (parent !== window) parent.postMessage({ type: 'posthorn.token-ended' }, '*');
  }, []);
  return (
    <Dialog title={t.ended} description={isPortal ? t.endedInPortal : t.endedForCompany}>
      <CredentialForm onCredential={onCredential} />
    </Dialog>
  );
}
