import { createContext, useContext } from 'react';

export const LANGUAGES = ['en', 'de'] as const;
export type Language = (typeof LANGUAGES)[number];
export const LANGUAGE_NAMES: Record<Language, string> = { en: 'English', de: 'Deutsch' };

/** The same texts in another language: every key, and functions of the same values. */
type Translated<T> = {
  [Key in keyof T]: T[Key] extends (...values: infer Values) => string
    ? (...values: Values) => string
    : T[Key] extends string
      ? string
      : Translated<T[Key]>;
};

export type Texts<T> = Record<Language, Translated<T>>;

/** The texts of a page in every language. A text that one of them lacks is an error of types. */
export function inEveryLanguage<T>(
  texts: { en: T & Translated<T> } & Record<Exclude<Language, 'en'>, Translated<NoInfer<T>>>,
): Texts<T> {
  return texts;
}

/** For pages that only the company sees: they are in English. */
export function inEnglish<T>(en: T & Translated<T>): Texts<T> {
  return { en, de: en };
}

export const LanguageContext = createContext<Language>('en');

export function useLanguage(): Language {
  return useContext(LanguageContext);
}

/** For times: the language as the reader's region writes it. */
export function useLocale(): string {
  const language = useLanguage();
  return navigator.languages.find((one) => one.startsWith(language)) ?? language;
}

export function useTexts<T>(texts: Texts<T>): Translated<T> {
  return texts[useLanguage()];
}
