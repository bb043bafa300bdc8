import { ApiProblem } from '../api/client.ts';
import { CredentialForm } from '../components/credential-form.tsx';
import { ErrorNote } from '../components/error-note.tsx';
import { sessionTexts } from '../texts/session.ts';
import { useTexts } from '../texts/texts.ts';

/** @param refused why the API did not take the last key; null: there was none */
export function SignInPage({ refused, onCredential }: { refused: unknown; onCredential: (text: string) => void }) {
  const t = useTexts(sessionTexts);
  const code = refused instanceof ApiProblem ? refused.problem.code : null;
  const known = code === 'unauthenticated' ? t.refused : code === 'forbidden' ? t.publishOnly : undefined;
  return (
    <main className="sign-in">
      <h1>{t.title}</h1>
      <p>{t.intro}</p>
      {refused !== null && known === undefined && <ErrorNote error={refused} />}
      <CredentialForm error={known} onCredential={onCredential} />
      <p className="quiet">{t.introPortal}</p>
    </main>
  );
}
