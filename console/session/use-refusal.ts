import { ApiProblem } from '../api/client.ts';
import type { ConsoleSettings } from '../api/types.ts';
import { sessionTexts } from '../texts/session.ts';
import { useTexts } from '../texts/texts.ts';

/**
 * What is wrong with a key or token, in words.
 * @param refused what the API answered to it; null: nothing
 */
export function useRefusal(refused: unknown, signIn: ConsoleSettings['signIn']): string | undefined {
  const t = useTexts(sessionTexts);
  const code = refused instanceof ApiProblem ? refused.problem.code : null;
  if (code === 'unauthenticated') return signIn === null ? t.refused : t.refusedBesides;
  return code === 'forbidden' ? t.publishOnly : undefined;
}
