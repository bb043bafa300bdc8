import { inEnglish } from './texts.ts';

export const portalAccessTexts = inEnglish({
  title: 'Portal',
  intro:
    'A link opens this tenant’s own webhooks, and nothing else. Hand it to the customer, or show it in a frame of your product. Whoever has it, has access.',
  role: 'Access',
  changes: 'Sees and changes webhooks',
  reads: 'Sees them only',
  lifetime: 'Counts for',
  days: (count: number) => (count === 1 ? '1 day' : `${count} days`),
  make: 'Make a link',
  once: 'This is the link. Copy it now: it is shown this once.',
  link: 'Portal link',
  open: 'Open in a new tab',
  counting: 'Links that still count',
  token: 'Token',
  made: 'Made',
  ends: 'Ends',
  revoke: 'Revoke',
  revokeOne: (id: string) => `Revoke ${id}`,
  revokeTitle: 'Revoke this link?',
  revokeDetail: 'Whoever opened it is asked for a new one within 30 seconds. What they typed is not lost.',
});
