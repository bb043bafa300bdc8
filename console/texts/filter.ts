import type { FilterTest } from '../api/types.ts';
import { inEveryLanguage } from './texts.ts';

type Mismatch = FilterTest['mismatch'];

/** What a filter misses in an event. The sentence of the API is in English, and says what the filter wants, too. */
export const filterTexts = inEveryLanguage({
  en: { missed: (sentence: string, _mismatch: Mismatch) => sentence },
  de: {
    missed: (sentence: string, mismatch: Mismatch) => (mismatch === null ? null : inGerman(mismatch)) ?? sentence,
  },
});

/** Null for a code that is new to this page. */
function inGerman({ code, field, found }: NonNullable<Mismatch>): string | null {
  switch (code) {
    case 'field_missing':
      return `${field} fehlt, und der Filter verlangt es.`;
    case 'field_differs':
      return found === null
        ? `${field} enthält nicht, was der Filter verlangt.`
        : `${field} ist ${found}, und der Filter verlangt etwas anderes.`;
    case 'no_object':
      return `Keines der Objekte in ${field} hat alles, was der Filter verlangt.`;
    case 'no_alternative':
      return field === null
        ? 'Keine der Möglichkeiten in $or trifft zu.'
        : `Keine der Möglichkeiten in $or trifft auf ${field} zu.`;
    case 'filter_over_budget':
      return 'Der Filter bräuchte dafür mehr Schritte, als ein Filter darf. Geben Sie ihm weniger Bedingungen und Möglichkeiten.';
    case 'filter_invalid':
      return 'Der Filter ist nicht mehr gültig, denn eine Grenze wurde gesenkt. Schreiben Sie ihn neu.';
    default:
      return null;
  }
}
