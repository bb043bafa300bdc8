import { inEnglish } from './texts.ts';

/** Jobs of all tenants, in a list. */
export const jobTableTexts = inEnglish({
  progress: (done: number, failed: number) => (failed === 0 ? `${done} done` : `${done} done, ${failed} failed`),
  job: 'Job',
  tenant: 'Tenant',
  status: 'Status',
  progressTitle: 'Progress',
  started: 'Started',
  cancel: 'Cancel',
  cancelOne: (kind: string) => `Cancel: ${kind}`,
  cancelTitle: 'Cancel this job?',
  cancelDetail: 'It stops after its current page. What it has done already stays done.',
  cancelAction: 'Cancel the job',
  allTenants: 'All',
});
