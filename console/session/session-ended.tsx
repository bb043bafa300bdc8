import { useEffect } from 'react';
import type { ConsoleSettings } from '../api/types.ts';
import { CompanySignIn } from '../components/company-sign-in.tsx';
import { CredentialForm } from '../components/credential-form.tsx';
import { Dialog } from '../components/dialog.tsx';
import { sessionTexts } from '../texts/session.ts';
import { useTexts } from '../texts/texts.ts';

interface SessionEndedProps {
  isPortal: boolean;
  /** For people who came through the company's provider. */
  signIn: ConsoleSettings['signIn'];
  onCredential: (text: string) => void;
}

/** Lies over the page, which stays as it is. The page that holds this one is told, and can hand over a new token. */
export function SessionEnded({ isPortal, signIn, onCredential }: SessionEndedProps) {
  const t = useTexts(sessionTexts);
  useEffect(() => {
    // It says nothing that is secret, so any page that holds this one may hear it.
    if (parent !== window) parent.postMessage({ type: 'posthorn.token-ended' }, '*');
  }, []);
  return (
    <Dialog title={t.ended} description={isPortal ? t.endedInPortal : t.endedForCompany}>
      {signIn !== null && (
        <>
          <CompanySignIn signIn={signIn} onCredential={onCredential} />
          <p className="hint">{t.companyLeaves}</p>
        </>
      )}
      <CredentialForm onCredential={onCredential} />
    </Dialog>
  );
}
