import { useState } from 'react';
import { Link } from 'wouter';
import { useJobCancelling } from '../api/jobs.ts';
import type { Job } from '../api/types.ts';
import { useMayChange } from '../session/session.tsx';
import { jobTableTexts } from '../texts/job-table.ts';
import { useTexts } from '../texts/texts.ts';
import { Button } from './button.tsx';
import { Confirm } from './confirm.tsx';
import { JobStatus } from './job-status.tsx';
import { Time } from './time.tsx';
import { useJobTitle } from './use-job-title.ts';

/** Jobs with what they have done so far; one that runs can be cancelled. */
export function JobTable({ jobs }: { jobs: readonly Job[] }) {
  const t = useTexts(jobTableTexts);
  const titleOf = useJobTitle();
  const mayChange = useMayChange();
  const cancel = useJobCancelling(null);
  const [asked, setAsked] = useState<Job | null>(null);
  const close = () => setAsked(null);
  return (
    <div className="table">
      <table>
        <thead>
          <tr>
            <th scope="col">{t.job}</th>
            <th scope="col">{t.tenant}</th>
            <th scope="col">{t.status}</th>
            <th scope="col">{t.progressTitle}</th>
            <th scope="col">{t.started}</th>
            {mayChange && (
              <th scope="col">
                <span className="visually-hidden">{t.cancel}</span>
              </th>
            )}
          </tr>
        </thead>
        <tbody>
          {jobs.map((job) => (
            <tr key={job.id}>
              <th scope="row">
                <Link href={`/jobs/${job.id}`}>{titleOf(job)}</Link>
              </th>
              <td data-label={t.tenant}>
                {job.tenantId === null ? (
                  t.allTenants
                ) : (
                  <Link href={`/tenants/${job.tenantId}/settings`}>{job.tenantId}</Link>
                )}
              </td>
              <td data-label={t.status}>
                <JobStatus job={job} />
              </td>
              <td data-label={t.progressTitle}>{t.progress(job.progress.done, job.progress.failed)}</td>
              <td data-label={t.started}>
                <Time at={job.createdAt} />
              </td>
              {mayChange && (
                <td className="end">
                  {job.status === 'running' && (
                    <Button aria-label={t.cancelOne(titleOf(job))} onClick={() => setAsked(job)}>
                      {t.cancel}
                    </Button>
                  )}
                </td>
              )}
            </tr>
          ))}
        </tbody>
      </table>
      {asked !== null && (
        <Confirm
          title={t.cancelTitle}
          description={t.cancelDetail}
          action={t.cancelAction}
          look="danger"
          change={cancel}
          onConfirm={() => cancel.mutate(asked.id, { onSuccess: close })}
          onClose={close}
        />
      )}
    </div>
  );
}
