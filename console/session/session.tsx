import { useQuery, useQueryClient } from '@tanstack/react-query';
import { createContext, type ReactNode, useContext, useEffect, useMemo, useRef, useState } from 'react';
import { type Api, ApiProblem, createApi } from '../api/client.ts';
import type { Caller, ConsoleSettings } from '../api/types.ts';
import { ErrorNote } from '../components/error-note.tsx';
import { SignInPage } from '../pages/sign-in.tsx';
import { keepCredential, keptCredential, takeFragment } from './credential.ts';
import { useHandedToken } from './handed-token.ts';
import { SessionEnded } from './session-ended.tsx';

interface Session {
  api: Api;
  caller: Caller;
  settings: ConsoleSettings;
  signOut: () => void;
}

const SessionContext = createContext<Session | null>(null);

export function useSession(): Session {
  const found = useContext(SessionContext);
  if (found === null) throw new Error('There is no session above this component.');
  return found;
}

export const useApi = (): Api => useSession().api;

/** Whether the caller may change things; what it may not do, the page does not offer. */
export const useMayChange = (): boolean => useSession().caller.role === 'admin';

/**
 * Finds out who the reader is, and shows the page to whom the API knows. When a key or token ends, the page stays as it is,
 * with what was typed into it, until it is handed another one.
 */
export function SessionProvider({ credential: first, children }: { credential: string | null; children: ReactNode }) {
  const [credential, setCredential] = useState(first ?? keptCredential());
  const [isEnded, setEnded] = useState(false);
  const current = useRef(credential);
  const queries = useQueryClient();
  const api = useMemo(
    () =>
      createApi(
        () => current.current,
        () => setEnded(true),
      ),
    [],
  );

  const use = useMemo(
    () => (next: string | null) => {
      current.current = next;
      keepCredential(next);
      setCredential(next);
      setEnded(false);
      if (next === null) queries.clear();
      else queries.invalidateQueries();
    },
    [queries],
  );
  useEffect(() => {
    // Another link to the console in the same tab.
    const take = () => {
      const { credential: taken } = takeFragment();
      if (taken !== null) use(taken);
    };
    addEventListener('hashchange', take);
    return () => removeEventListener('hashchange', take);
  }, [use]);

  const settings = useQuery({
    queryKey: ['settings'],
    queryFn: ({ signal }) => api.get<ConsoleSettings>('/console/settings.json', {}, signal),
    staleTime: Number.POSITIVE_INFINITY,
  });
  const caller = useQuery({
    queryKey: ['me'],
    queryFn: ({ signal }) => api.get<Caller>('/v1/me', {}, signal),
    enabled: credential !== null,
    staleTime: Number.POSITIVE_INFINITY,
  });
  useHandedToken(settings.data?.frameAncestors, use);

  const session = useMemo(
    () =>
      caller.data === undefined || settings.data === undefined
        ? null
        : { api, caller: caller.data, settings: settings.data, signOut: () => use(null) },
    [api, caller.data, settings.data, use],
  );
  if (settings.isError) return <ErrorNote error={settings.error} retry={settings.refetch} />;
  if (credential === null || (session === null && caller.isError))
    return (
      <SignInPage
        refused={credential === null ? null : caller.error}
        retry={caller.refetch}
        signIn={settings.data?.signIn ?? null}
        onCredential={use}
      />
    );
  if (session === null) return null;
  return (
    <SessionContext value={session}>
      {children}
      {isEnded && (
        <SessionEnded
          isPortal={session.caller.kind === 'token'}
          // Asked again only of what was given since.
          refused={caller.error}
          signIn={session.caller.kind === 'person' ? session.settings.signIn : null}
          onCredential={use}
        />
      )}
    </SessionContext>
  );
}

/** Trying again does not help against a refusal. */
export function isWorthRetrying(count: number, error: unknown): boolean {
  const status = error instanceof ApiProblem ? error.problem.status : 0;
  return count < 2 && (status === 0 || status === 429 || status >= 500);
}
