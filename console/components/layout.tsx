import { type CSSProperties, type ReactNode, useEffect, useRef } from 'react';
import { useLocation, useRoute } from 'wouter';
import { ROUTES } from '../routes.tsx';
import { useIsShown } from '../session/portal-pages.ts';
import { THEMES, usePreferences } from '../session/preferences.tsx';
import { useMayChange, useSession } from '../session/session.tsx';
import { navTexts } from '../texts/nav.ts';
import { sharedTexts } from '../texts/shared.ts';
import { LANGUAGE_NAMES, LANGUAGES, useLanguage, useTexts } from '../texts/texts.ts';
import { Button } from './button.tsx';
import { Link } from './link.tsx';
import { StatusBadge } from './status-badge.tsx';

/** The head with whose console it is, the navigation, and the page. */
export function Layout({ children }: { children: ReactNode }) {
  const t = useTexts(sharedTexts);
  const { caller, settings, signOut } = useSession();
  const mayChange = useMayChange();
  const main = useRef<HTMLElement>(null);
  useFocusOnMove(main);
  useFocusOnRemoval(main);
  const accent = settings.accentColor;
  return (
    <div className="layout" style={accent === null ? undefined : accentOf(accent)}>
      <a className="skip" href="#content">
        {t.skip}
      </a>
      <header className="head">
        <Link href="~/console" className="brand">
          {settings.logoUrl === null ? <Horn /> : <img src={settings.logoUrl} alt="" height="28" />}
          {settings.companyName ?? 'Posthorn'}
        </Link>
        {!mayChange && <StatusBadge tone="idle">{t.readOnly}</StatusBadge>}
        <div className="head-end">
          <ThemeChoice />
          <LanguageChoice />
          {caller.kind !== 'token' && <Button onClick={signOut}>{t.signOut}</Button>}
        </div>
      </header>
      <Navigation />
      <main id="content" ref={main} tabIndex={-1}>
        {children}
      </main>
    </div>
  );
}

function Navigation() {
  const t = useTexts(sharedTexts);
  const names = useTexts(navTexts);
  const { caller } = useSession();
  const isShown = useIsShown();
  const [location] = useLocation();
  const [, params] = useRoute('/tenants/:tenantId/*?');
  // Where a tenant is made, there is none yet.
  const [isNew] = useRoute('/tenants/new');
  const tenantId = caller.tenantId ?? (isNew ? undefined : params?.tenantId);
  const entries = ROUTES.flatMap(({ path, face, nav }) => {
    if (nav === undefined) return [];
    const isTenants = path.includes(':tenantId');
    if (face === 'company' && caller.tenantId !== null) return [];
    if (isTenants && tenantId === undefined) return [];
    if (!isShown(path)) return [];
    return [{ href: path.replace(':tenantId', encodeURIComponent(tenantId ?? '')), text: names[nav], isTenants }];
  });
  const groups = [
    { title: tenantId, entries: entries.filter(({ isTenants }) => isTenants) },
    { title: names.company, entries: entries.filter(({ isTenants }) => !isTenants) },
  ];
  // Of the entries that the address lies below, the nearest.
  const current = entries
    .map(({ href }) => href)
    .filter((href) => location === href || location.startsWith(`${href}/`))
    .toSorted((one, other) => other.length - one.length)[0];
  // One entry leads nowhere else.
  if (entries.length < 2) return null;
  return (
    <nav className="menu" aria-label={t.menu}>
      {groups
        .filter((group) => group.entries.length > 0)
        .map((group) => (
          <div key={group.title} className="menu-group">
            <p className="menu-title">{group.title}</p>
            {group.entries.map(({ href, text }) => (
              <Link key={href} href={href} aria-current={href === current ? 'page' : undefined}>
                {text}
              </Link>
            ))}
          </div>
        ))}
    </nav>
  );
}

function ThemeChoice() {
  const t = useTexts(sharedTexts);
  const { theme, setTheme } = usePreferences();
  return (
    <select
      aria-label={t.theme}
      value={theme}
      onChange={(event) => setTheme(THEMES.find((one) => one === event.target.value) ?? 'system')}
    >
      {THEMES.map((one) => (
        <option key={one} value={one}>
          {t.themes[one]}
        </option>
      ))}
    </select>
  );
}

function LanguageChoice() {
  const t = useTexts(sharedTexts);
  const language = useLanguage();
  const { setLanguage } = usePreferences();
  return (
    <select
      aria-label={t.language}
      value={language}
      onChange={(event) => setLanguage(LANGUAGES.find((one) => one === event.target.value) ?? 'en')}
    >
      {LANGUAGES.map((one) => (
        <option key={one} value={one}>
          {LANGUAGE_NAMES[one]}
        </option>
      ))}
    </select>
  );
}

function Horn() {
  return (
    <svg viewBox="0 0 32 32" className="horn" aria-hidden="true">
      <rect width="32" height="32" rx="8" />
      <circle cx="13.5" cy="17" r="5.6" />
      <path d="M5 11.4h8.5c5 0 8-1.4 13-4.4v13.6c-3.4-2.6-6-3.6-9-3.6" />
    </svg>
  );
}

/** A move to another page puts the focus at its begin, as a browser does that loads one; what the page opens with stays. */
function useFocusOnMove(main: React.RefObject<HTMLElement | null>): void {
  const [location] = useLocation();
  const last = useRef(location);
  useEffect(() => {
    if (last.current === location) return;
    last.current = location;
    main.current?.focus({ preventScroll: true });
    scrollTo(0, 0);
  }, [location, main]);
}

/** Where what has the focus is taken away (a row that was deleted, say), the focus goes to the begin of the page, too. */
function useFocusOnRemoval(main: React.RefObject<HTMLElement | null>): void {
  useEffect(() => {
    const page = main.current;
    if (page === null) return;
    let last: Element | null = null;
    const note = () => {
      last = document.activeElement;
    };
    const observer = new MutationObserver(() => {
      if (last === null || last.isConnected || document.activeElement !== document.body) return;
      last = null;
      page.focus({ preventScroll: true });
    });
    page.addEventListener('focusin', note);
    observer.observe(page, { childList: true, subtree: true });
    return () => {
      page.removeEventListener('focusin', note);
      observer.disconnect();
    };
  }, [main]);
}

/** The company's color, and black or white on it, whichever can be read better. */
function accentOf(accent: string): CSSProperties {
  const [red = 0, green = 0, blue = 0] = [1, 3, 5].map(
    (at) => (Number.parseInt(accent.slice(at, at + 2), 16) / 255) ** 2.2,
  );
  const luminance = 0.2126 * red + 0.7152 * green + 0.0722 * blue;
  return { '--accent': accent, '--on-accent': luminance > 0.18 ? '#1c1a17' : '#ffffff' } as CSSProperties;
}
