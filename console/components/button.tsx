import type { ComponentProps } from 'react';
import { Link } from './link.tsx';

type Look = 'plain' | 'main' | 'danger';

interface ButtonProps extends ComponentProps<'button'> {
  look?: Look;
  /** While it works: it says so, and takes no second click. */
  isBusy?: boolean;
}

export function Button({ look = 'plain', isBusy = false, type = 'button', children, onClick, ...rest }: ButtonProps) {
  return (
    <button
      {...rest}
      type={type}
      className={`button button-${look}`}
      aria-disabled={isBusy || undefined}
      aria-busy={isBusy || undefined}
      onClick={isBusy ? (event) => event.preventDefault() : onClick}
    >
      {isBusy && <span className="spinner" aria-hidden="true" />}
      {children}
    </button>
  );
}

/** Leads to another page of the console; looks like a button. */
export function ButtonLink({
  look = 'plain',
  href,
  children,
}: {
  look?: Look;
  href: string;
  children: React.ReactNode;
}) {
  return (
    <Link href={href} className={`button button-${look}`}>
      {children}
    </Link>
  );
}
