import { Link, useLocation, useSearch } from 'wouter';
import { sharedTexts } from '../texts/shared.ts';
import { useTexts } from '../texts/texts.ts';

/** Links to the next page of a list and to its first. The cursor stands in the address bar, so Back goes one page back. */
export function Paging({ nextCursor }: { nextCursor: string | null }) {
  const t = useTexts(sharedTexts);
  const [location] = useLocation();
  const search = new URLSearchParams(useSearch());
  const hasPrevious = search.has('cursor');
  if (nextCursor === null && !hasPrevious) return null;
  const to = (cursor: string | null) => {
    const next = new URLSearchParams(search);
    if (cursor === null) next.delete('cursor');
    else next.set('cursor', cursor);
    return next.size === 0 ? location : `${location}?${next}`;
  };
  return (
    <nav className="paging" aria-label={t.pages}>
      {hasPrevious && (
        <Link className="button button-plain" href={to(null)}>
          {t.first}
        </Link>
      )}
      {nextCursor !== null && (
        <Link className="button button-plain" href={to(nextCursor)}>
          {t.next}
        </Link>
      )}
    </nav>
  );
}
