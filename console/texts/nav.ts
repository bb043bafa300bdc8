import { inEveryLanguage } from './texts.ts';

/** Entries of the navigation. */
export const navTexts = inEveryLanguage({
  en: {
    webhooks: 'Webhooks',
    events: 'Events',
    rejectedEvents: 'Rejected events',
    tenantSettings: 'Settings',
    tenants: 'Tenants',
    eventTypes: 'Event types',
    system: 'System',
    company: 'Company',
  },
  de: {
    webhooks: 'Webhooks',
    events: 'Ereignisse',
    rejectedEvents: 'Abgewiesene Ereignisse',
    tenantSettings: 'Einstellungen',
    tenants: 'Mandanten',
    eventTypes: 'Ereignisarten',
    system: 'System',
    company: 'Unternehmen',
  },
});
export type NavTexts = (typeof navTexts)['en'];
