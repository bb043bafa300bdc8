import { type JobQueue, jobMessage } from '../../core/jobs/job-store.ts';
import type { AwsCall } from '../aws/calls.ts';
import { sendAll } from './work-queue.ts';

/** Fair queues: the many jobs of one tenant must not hold up the others. */
export function createJobQueue(sqs: AwsCall, queueUrl: string): JobQueue {
  return {
    send: (jobs) =>
      sendAll(sqs, queueUrl, jobs, ({ job, delaySeconds }) => ({
        MessageBody: JSON.stringify(jobMessage(job)),
        MessageGroupId: job.task.tenantId ?? job.id,
        ...(delaySeconds > 0 ? { DelaySeconds: delaySeconds } : {}),
      })),
  };
}
