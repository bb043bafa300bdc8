import { inEnglish } from './texts.ts';

export const jobsTexts = inEnglish({
  kinds: {
    replay: 'Replay of deliveries',
    cancel: 'Cancelling deliveries',
    replay_event: 'Replay of an event',
    delete_tenant: 'Deletion of a tenant',
    erase: 'Erasure of a tenant’s data',
    recover: 'Recovery of lost events',
    republish: 'Publishing rejected events again',
  },
  statuses: { running: 'Running', done: 'Done', cancelled: 'Cancelled', failed: 'Failed' },
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
