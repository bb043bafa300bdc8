import type { Subscription } from '../api/types.ts';
import { byCode } from './by-code.ts';
import { inEveryLanguage } from './texts.ts';

type Reason = NonNullable<Subscription['statusReason']>;

/**
 * Why the API refuses a request. Conflicts, limits and requests that cannot be read have no text here: each has a cause of its own, which
 * the API alone says.
 */
const GERMAN_PROBLEMS = {
  unauthenticated: 'Ihr Zugang gilt nicht mehr. Öffnen Sie die Seite mit einem neuen.',
  forbidden: 'Ihr Zugang erlaubt das nicht.',
  not_found: 'Das gibt es nicht, oder nicht mehr.',
  precondition_failed: 'Es wurde geändert, seit Sie es geöffnet haben. Laden Sie die Seite neu.',
  payload_too_large: 'Das ist zu groß. Kürzen Sie es.',
  invalid_request: 'Berichtigen Sie, was falsch ist, und versuchen Sie es erneut.',
  rate_limited: 'Das waren zu viele Anfragen. Versuchen Sie es gleich noch einmal.',
  internal_error: 'Das System hat versagt. Versuchen Sie es erneut.',
  unavailable: 'Das geht gerade nicht. Versuchen Sie es gleich noch einmal.',
};

/** Why a webhook is disabled. The API's sentence says it in English. */
const GERMAN_REASONS = {
  receiver_gone: 'Der Empfänger hat geantwortet, dass er keine Zustellungen mehr will.',
  receiver_failing: 'Seit längerer Zeit ist keine Zustellung gelungen.',
};

/** Of components, and of words that several pages use. */
export const sharedTexts = inEveryLanguage({
  en: {
    skip: 'Skip to the content',
    menu: 'Pages',
    signOut: 'Sign out',
    theme: 'Theme',
    themes: { system: 'As the device', light: 'Light', dark: 'Dark' },
    language: 'Language',
    readOnly: 'Read-only',
    loading: 'Loading …',
    cancel: 'Cancel',
    close: 'Close',
    copy: 'Copy',
    copied: 'Copied',
    retry: 'Try again',
    next: 'Older',
    first: 'Newest',
    pages: 'Pages of this list',
    come: (count: number) => `${count} new`,
    gone: (count: number) => `Refresh: ${count} changed`,
    optional: 'optional',
    environments: { production: 'Production', development: 'Development' },
    statuses: {
      active: 'Active',
      paused: 'Paused',
      disabled: 'Disabled',
      unverified: 'Not verified',
      expired: 'Expired',
    },
    expiredOn: (time: string) => `Expired on ${time}`,
    expiresOn: (time: string) => `Expires on ${time}`,
    failingSince: (time: string) => `Failing since ${time}`,
    waitingSince: (time: string) => `Waiting for the receiver since ${time}`,
    disabledBecause: ({ message }: Reason) => `Disabled: ${message}`,
    noMoment: 'Choose a date and a time.',
    problem: 'This did not work',
    refused: (_code: string, detail: string) => detail,
    unreachable: 'The API cannot be reached. Check your connection, then try again.',
    gateway: (status: number) => `The API is overloaded or did not answer in time (${status}). Try again in a moment.`,
    foreign: (status: number) =>
      status === 413
        ? 'This is too large. Shorten it.'
        : `Something else than the API answered (${status}). Check your connection, or ask those who run this console.`,
    notFound: 'Page not found',
    notFoundDetail: 'The link may be old, or what it shows has been deleted.',
    toStart: 'To the start page',
  },
  de: {
    skip: 'Zum Inhalt springen',
    menu: 'Seiten',
    signOut: 'Abmelden',
    theme: 'Farben',
    themes: { system: 'Wie das Gerät', light: 'Hell', dark: 'Dunkel' },
    language: 'Sprache',
    readOnly: 'Nur lesen',
    loading: 'Wird geladen …',
    cancel: 'Abbrechen',
    close: 'Schließen',
    copy: 'Kopieren',
    copied: 'Kopiert',
    retry: 'Erneut versuchen',
    next: 'Ältere',
    first: 'Neueste',
    pages: 'Seiten dieser Liste',
    come: (count: number) => `${count} neue`,
    gone: (count: number) => `Auffrischen: ${count} geändert`,
    optional: 'freiwillig',
    environments: { production: 'Produktion', development: 'Entwicklung' },
    statuses: {
      active: 'Aktiv',
      paused: 'Pausiert',
      disabled: 'Abgeschaltet',
      unverified: 'Nicht bestätigt',
      expired: 'Abgelaufen',
    },
    expiredOn: (time: string) => `Abgelaufen am ${time}`,
    expiresOn: (time: string) => `Läuft ab am ${time}`,
    failingSince: (time: string) => `Fehlerhaft seit ${time}`,
    waitingSince: (time: string) => `Wartet auf den Empfänger seit ${time}`,
    disabledBecause: ({ code, message }: Reason) => `Abgeschaltet: ${byCode(GERMAN_REASONS, code, message)}`,
    noMoment: 'Wählen Sie Datum und Uhrzeit.',
    problem: 'Das hat nicht geklappt',
    refused: (code: string, detail: string) => byCode(GERMAN_PROBLEMS, code, detail),
    unreachable: 'Die API ist nicht erreichbar. Prüfen Sie Ihre Verbindung und versuchen Sie es erneut.',
    gateway: (status: number) =>
      `Die API ist überlastet oder hat nicht rechtzeitig geantwortet (${status}). Versuchen Sie es gleich noch einmal.`,
    foreign: (status: number) =>
      status === 413
        ? GERMAN_PROBLEMS.payload_too_large
        : `Nicht die API hat geantwortet, sondern etwas davor (${status}). Prüfen Sie Ihre Verbindung, oder fragen Sie, wer diese Konsole betreibt.`,
    notFound: 'Seite nicht gefunden',
    notFoundDetail: 'Der Link ist vielleicht alt, oder was er zeigt, wurde gelöscht.',
    toStart: 'Zur Startseite',
  },
});
