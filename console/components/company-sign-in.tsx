import { useMutation } from '@tanstack/react-query';
import { useEffect, useRef } from 'react';
import { useLocation, useSearch } from 'wouter';
import type { ConsoleSettings } from '../api/types.ts';
import { sessionTexts } from '../texts/session.ts';
import { useTexts } from '../texts/texts.ts';
import { Button } from './button.tsx';
import { StatusBadge } from './status-badge.tsx';

interface CompanySignInProps {
  signIn: NonNullable<ConsoleSettings['signIn']>;
  onCredential: (token: string) => void;
}

/** The path, below /console, to which the provider sends the reader back. */
const RETURN_PATH = '/signed-in';

/** A button that leads to the company's provider; and the way back. */
export function CompanySignIn({ signIn, onCredential }: CompanySignInProps) {
  const t = useTexts(sessionTexts);
  const [location, navigate] = useLocation();
  const search = useSearch();
  const hasReturned = useRef(false);
  const path = location === RETURN_PATH ? '/' : location + (search === '' ? '' : `?${search}`);
  const begin = useMutation({
    mutationFn: async () => (await import('../session/company-sign-in.ts')).beginSignIn(signIn, path),
  });
  const { mutate: finish, ...finishing } = useMutation({
    mutationFn: async () => (await import('../session/company-sign-in.ts')).finishSignIn(signIn),
    onSuccess: ({ token, path: back }) => {
      navigate(back, { replace: true });
      onCredential(token);
    },
  });
  useEffect(() => {
    if (location !== RETURN_PATH || hasReturned.current) return;
    hasReturned.current = true;
    finish();
  }, [location, finish]);
  const error = finishing.error ?? begin.error;
  return (
    <>
      <Button
        look="main"
        isBusy={begin.isPending || begin.isSuccess || finishing.isPending}
        onClick={() => begin.mutate()}
      >
        {t.company}
      </Button>
      <div role="alert">
        {error !== null && <StatusBadge tone="bad">{t.companyRefused(error.message)}</StatusBadge>}
      </div>
    </>
  );
}
