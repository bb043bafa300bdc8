import type { ConsoleSettings } from '../api/types.ts';
import { CompanySignIn } from '../components/company-sign-in.tsx';
import { CredentialForm } from '../components/credential-form.tsx';
import { ErrorNote } from '../components/error-note.tsx';
import { useRefusal } from '../session/use-refusal.ts';
import { sessionTexts } from '../texts/session.ts';
import { useTexts } from '../texts/texts.ts';

interface SignInPageProps {
  /** Why the API did not take the last key; null: there was none. */
  refused: unknown;
  /** Asks again with the same key. */
  retry: () => unknown;
  signIn: ConsoleSettings['signIn'];
  onCredential: (text: string) => void;
}

export function SignInPage({ refused, retry, signIn, onCredential }: SignInPageProps) {
  const t = useTexts(sessionTexts);
  const known = useRefusal(refused, signIn);
  return (
    <main className="sign-in">
      <h1>{t.title}</h1>
      {signIn !== null && <CompanySignIn signIn={signIn} onCredential={onCredential} />}
      <p>{signIn === null ? t.intro : t.introBesides}</p>
      {refused !== null && known === undefined && <ErrorNote error={refused} retry={retry} />}
      <CredentialForm error={known} onCredential={onCredential} />
      <p className="quiet">{t.introPortal}</p>
    </main>
  );
}
