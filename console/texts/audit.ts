import { inEnglish } from './texts.ts';

export const auditTexts = inEnglish({
  title: 'Audit trail',
  intro: 'Who changed what, and who was shown secrets. Values are never recorded.',
  filters: 'Filters',
  tenant: 'Tenant',
  caller: 'Id of a key or token',
  from: 'From',
  to: 'Until',
  when: 'When',
  who: 'Who',
  what: 'What',
  on: 'To what',
  fields: 'Fields',
  reveal: 'Secret shown',
  kinds: { key: 'Key', token: 'Portal token', anonymous: 'No key' },
  empty: 'Nothing recorded yet',
  emptyDetail: 'Each change made by the API or the console will stand here.',
  noneFound: 'No record fits',
  noneFoundYet: 'None of the newest records fits. Go on to older ones below.',
  clear: 'Show all',
});
