import { useEffect } from 'react';
import type { ConsoleSettings } from '../api/types.ts';
import { CompanySignIn } from '../components/company-sign-in.tsx';
import { CredentialForm } from '../components/credential-form.tsx';
import { Dialog } from '../components/dialog.tsx';
import { sessionTexts } from '../texts/session.ts';
import { useTexts } from '../texts/texts.ts';
import { useRefusal } from './use-refusal.ts';

interface SessionEndedProps {
  isPortal: boolean;
  /** Why the API did not take what was given here; null: nothing was. */
  refused: unknown;
  /** For people who came through the company's provider. */
  signIn: ConsoleSettings['signIn'];
  onCredential: (text: string) => void;
}

/** Lies over the page, which stays as it is. The page that holds this one is told, and can hand over a new token. */
export function SessionEnded({ isPortal, refused, signIn, onCredential }: SessionEndedProps) {
  const t = useTexts(sessionTexts);
  const refusal = useRefusal(refused, signIn);
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
      <CredentialForm error={refusal} onCredential={onCredential} />
    </Dialog>
  );
}
