import { inEveryLanguage } from './texts.ts';

/** Entries of the navigation. */
export const navTexts = inEveryLanguage({
  en: {
    webhooks: 'Webhooks',
    tenants: 'Tenants',
    system: 'System',
    company: 'Company',
  },
  de: {
    webhooks: 'Webhooks',
    tenants: 'Mandanten',
    system: 'System',
    company: 'Unternehmen',
  },
});
export type NavTexts = (typeof navTexts)['en'];
