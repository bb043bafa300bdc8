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
    profiles: 'Profiles',
    keys: 'API keys',
    audit: 'Audit trail',
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
    profiles: 'Profile',
    keys: 'API-Schlüssel',
    audit: 'Prüfprotokoll',
    system: 'System',
    company: 'Unternehmen',
  },
});
export type NavTexts = (typeof navTexts)['en'];
