import { inEnglish } from './texts.ts';

export const tenantsTexts = inEnglish({
  title: 'Tenants',
  intro: 'A tenant is one of your customers. Its first webhook or event creates it.',
  open: 'Open a tenant',
  openHint: 'By its id, also if it has nothing yet.',
  openButton: 'Open',
  wrongId: 'An id has 1 to 64 letters, digits, - or _.',
  id: 'Id',
  name: 'Name',
  created: 'Created',
  empty: 'No tenants yet',
  emptyDetail: 'Open one by an id of your choice above, and add its first webhook.',
});
