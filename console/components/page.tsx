import { type ReactNode, useEffect } from 'react';
import { useSession } from '../session/session.tsx';

/** A page's heading with its actions. The heading is the document's title, too. */
export function Page({ title, actions, children }: { title: string; actions?: ReactNode; children: ReactNode }) {
  const { settings } = useSession();
  useEffect(() => {
    document.title = `${title} · ${settings.companyName ?? 'Posthorn'}`;
  }, [title, settings.companyName]);
  return (
    <>
      <header className="page-head">
        <h1>{title}</h1>
        {actions !== undefined && <div className="actions">{actions}</div>}
      </header>
      {children}
    </>
  );
}
