import { inEveryLanguage } from './texts.ts';

/** Entries of the navigation. */
export const navTexts = inEveryLanguage({
  en: {
    webhooks: 'Webhooks',
    events: 'Events',
    rejectedEvents: 'Rejected events',
    tenants: 'Tenants',
    company: 'Company',
  },
  de: {
    webhooks: 'Webhooks',
    events: 'Ereignisse',
    rejectedEvents: 'Abgewiesene Ereignisse',
    tenants: 'Mandanten',
    company: 'Unternehmen',
  },
});
export type NavTexts = (typeof navTexts)['en'];
