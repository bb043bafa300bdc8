import { createContext, type ReactNode, useContext, useEffect, useMemo, useState } from 'react';
import { LANGUAGES, type Language, LanguageContext } from '../texts/texts.ts';

export const THEMES = ['system', 'light', 'dark'] as const;
export type Theme = (typeof THEMES)[number];

interface Preferences {
  theme: Theme;
  setTheme: (theme: Theme) => void;
  setLanguage: (language: Language) => void;
}

const PreferencesContext = createContext<Preferences | null>(null);

export function usePreferences(): Preferences {
  const found = useContext(PreferencesContext);
  if (found === null) throw new Error('There are no preferences above this component.');
  return found;
}

/** How the page looks and what language it speaks: kept in the browser, unlike keys. */
export function PreferencesProvider({ language: given, children }: { language: string | null; children: ReactNode }) {
  const [theme, setTheme] = useKept('posthorn.theme', THEMES, 'system');
  const [language, setLanguage] = useKept('posthorn.language', LANGUAGES, ofBrowser(), given);
  useEffect(() => {
    if (theme === 'system') delete document.documentElement.dataset.theme;
    else document.documentElement.dataset.theme = theme;
  }, [theme]);
  useEffect(() => {
    document.documentElement.lang = language;
  }, [language]);
  const preferences = useMemo(() => ({ theme, setTheme, setLanguage }), [theme, setTheme, setLanguage]);
  return (
    <PreferencesContext value={preferences}>
      <LanguageContext value={language}>{children}</LanguageContext>
    </PreferencesContext>
  );
}

function ofBrowser(): Language {
  return LANGUAGES.find((one) => navigator.language.startsWith(one)) ?? 'en';
}

/** One of a set of values, kept under a name; `given` goes before what is kept. */
function useKept<T extends string>(name: string, values: readonly T[], otherwise: T, given: string | null = null) {
  const [value, setValue] = useState<T>(() => {
    const known = (text: string | null) => values.find((one) => one === text);
    return known(given) ?? known(read(name)) ?? otherwise;
  });
  const set = useMemo(
    () => (next: T) => {
      write(name, next);
      setValue(next);
    },
    [name],
  );
  return [value, set] as const;
}

function read(name: string): string | null {
  try {
    return localStorage.getItem(name);
  } catch {
    return null;
  }
}

function write(name: string, value: string): void {
  try {
    localStorage.setItem(name, value);
  } catch {
    // The browser keeps nothing for a page in a frame: the choice holds until the page is closed.
  }
}
