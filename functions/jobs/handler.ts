import type { SQSBatchResponse, SQSEvent } from 'aws-lambda';
import { asError, type Telemetry } from '../adapters/lambda/telemetry.ts';
import { JobMessage } from '../core/jobs/job-store.ts';
import { type JobReport, type RunPageDeps, runJobPage } from '../core/jobs/run-page.ts';
import { METRICS } from '../names.ts';

export interface JobsHandlerDeps extends Omit<RunPageDeps, 'report'>, Telemetry {}

/** The jobs queue's consumer: a message is a page. */
export function createJobsHandler(deps: JobsHandlerDeps) {
  const report = (one: JobReport): void => note(deps, one);
  return async (event: SQSEvent): Promise<SQSBatchResponse> => {
    const failed = await Promise.all(
      event.Records.map(async ({ messageId, body }) => {
        try {
          await runJobPage({ ...deps, report }, JobMessage.parse(JSON.parse(body)));
          return [];
        } catch (error) {
          deps.logger.error('a job’s message could not be handled and will be repeated', asError(error));
          return [{ itemIdentifier: messageId }];
        }
      }),
    );
    deps.counter.publish();
    return { batchItemFailures: failed.flat() };
  };
}

function note({ logger, counter }: JobsHandlerDeps, report: JobReport): void {
  const { id, task, status, progress } = report.job;
  const about = { jobId: id, kind: task.kind, tenantId: task.tenantId };
  switch (report.kind) {
    case 'ended':
      logger.info('a job has ended', { ...about, status, ...progress });
      counter.count(status === 'failed' ? METRICS.jobsFailed : METRICS.jobsEnded);
      return;
    case 'error':
      logger.error('a page of a job failed and will be repeated', { ...about, error: asError(report.error) });
      return;
    default:
      report satisfies never;
  }
}
