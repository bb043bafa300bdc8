import { type JobQueue, jobMessage } from '../../core/jobs/job-store.ts';
import { type Sqs, sendAll } from './work-queue.ts';

/** Fair queues: the many jobs of one tenant must not hold up the others. */
export function createJobQueue(queue: Sqs, queueUrl: string): JobQueue {
  return {
    send: (jobs) =>
      sendAll(queue, queueUrl, jobs, ({ job, delaySeconds }) => ({
        MessageBody: JSON.stringify(jobMessage(job)),
        MessageGroupId: job.task.tenantId ?? job.id,
        ...(delaySeconds > 0 ? { DelaySeconds: delaySeconds } : {}),
      })),
  };
}
