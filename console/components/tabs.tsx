import { useLocation } from 'wouter';
import { Link } from './link.tsx';

/** Pages of one thing, each with an address of its own: links, so that each can be opened, kept and gone back from. */
export function Tabs({ label, tabs }: { label: string; tabs: { href: string; text: string }[] }) {
  const [location] = useLocation();
  return (
    <nav className="tabs" aria-label={label}>
      {tabs.map(({ href, text }) => (
        <Link key={href} href={href} aria-current={location === href ? 'page' : undefined}>
          {text}
        </Link>
      ))}
    </nav>
  );
}
