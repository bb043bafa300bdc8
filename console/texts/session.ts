import { inEveryLanguage } from './texts.ts';

export const sessionTexts = inEveryLanguage({
  en: {
    title: 'Sign in',
    intro: 'Paste an API key. It is kept for this tab only, and forgotten when you close it.',
    introBesides: 'Or paste an API key. It is kept for this tab only, and forgotten when you close it.',
    company: 'Sign in with your company account',
    companyLeaves: 'This leaves the page, and what you typed is lost. An API key keeps it.',
    companyRefused: (reason: string) => `Signing in did not work: ${reason}`,
    introPortal: 'You came here without an access link. Open your webhooks from the product that they belong to.',
    label: 'Key or token',
    submit: 'Sign in',
    empty: 'Paste a key first.',
    refused: 'The API does not know this key. It may have ended or been revoked. Ask for a new one.',
    refusedBesides:
      'The API does not know this key, or your account has no access here. Ask those who run Posthorn for it.',
    publishOnly: 'This key may only publish events. Sign in with one that may read.',
    ended: 'Your access has ended',
    endedInPortal:
      'Nothing is lost: what you typed is still here. Open this page again from where you came, or paste a new token to go on.',
    endedForCompany: 'Nothing is lost: what you typed is still here. Paste a key to go on.',
  },
  de: {
    title: 'Anmelden',
    intro: 'Fügen Sie einen API-Schlüssel ein. Er gilt nur für diesen Tab und wird vergessen, wenn Sie ihn schließen.',
    introPortal: 'Sie sind ohne Zugangslink hier. Öffnen Sie Ihre Webhooks aus dem Produkt, zu dem sie gehören.',
    introBesides:
      'Oder fügen Sie einen API-Schlüssel ein. Er gilt nur für diesen Tab und wird vergessen, wenn Sie ihn schließen.',
    company: 'Mit dem Firmenkonto anmelden',
    companyLeaves: 'Das verlässt die Seite, und Ihre Eingaben gehen verloren. Mit einem API-Schlüssel bleiben sie.',
    companyRefused: (reason: string) => `Die Anmeldung hat nicht geklappt: ${reason}`,
    label: 'Schlüssel oder Token',
    submit: 'Anmelden',
    empty: 'Fügen Sie zuerst einen Schlüssel ein.',
    refused: 'Die API kennt diesen Schlüssel nicht. Er ist abgelaufen oder widerrufen. Bitten Sie um einen neuen.',
    refusedBesides:
      'Die API kennt diesen Schlüssel nicht, oder Ihr Konto hat hier keinen Zugang. Fragen Sie, wer Posthorn betreibt.',
    publishOnly: 'Dieser Schlüssel darf nur Ereignisse veröffentlichen. Melden Sie sich mit einem an, der lesen darf.',
    ended: 'Ihr Zugang ist abgelaufen',
    endedInPortal:
      'Nichts geht verloren: Ihre Eingaben sind noch da. Öffnen Sie diese Seite erneut von dort, wo Sie herkamen, oder fügen Sie ein neues Token ein.',
    endedForCompany: 'Nichts geht verloren: Ihre Eingaben sind noch da. Fügen Sie einen Schlüssel ein.',
  },
});
