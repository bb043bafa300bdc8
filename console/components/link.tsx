import type { ComponentProps } from 'react';
import { Link as AnyLink } from 'wouter';
import { useIsShown } from '../session/portal-pages.ts';

interface LinkProps extends ComponentProps<'a'> {
  href: string;
  /** What it says is worth reading where it leads nowhere. */
  keepsText?: boolean;
}

/** To another page of the console. It is left out where the company does not show that page. */
export function Link({ href, keepsText = false, ...rest }: LinkProps) {
  const isShown = useIsShown();
  if (isShown(href)) return <AnyLink href={href} {...rest} />;
  return keepsText ? rest.children : null;
}
